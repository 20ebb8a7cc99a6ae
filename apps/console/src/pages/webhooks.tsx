import type { Webhook } from '@chatapi/client';
import type { JSX } from 'preact';
import { numberIn, useWords } from '../language.tsx';
import { List } from '../list.tsx';
import { Button, Head, Status, Time } from '../parts.tsx';
import { client } from '../session.ts';
import { createWebhook } from '../webhook-acts.ts';
import { linkTo } from '../where.ts';

export function WebhooksPage(): JSX.Element {
  const { language, texts } = useWords();
  const { columns } = texts;
  return (
    <>
      <Head title={texts.nav.webhooks} lead={texts.leads.webhooks}>
        <Button kind="primary" icon="plus" label={texts.do.newWebhook} onClick={() => void createWebhook(texts)} />
      </Head>
      <List<Webhook>
        label={texts.nav.webhooks}
        empty={texts.empty.webhooks}
        everyMs={10_000}
        keyOf={({ id }) => id}
        read={(query) => client.webhooks.list(query)}
        columns={[
          {
            title: 'URL',
            isMain: true,
            cell: ({ id, url, description }) => (
              <a class="who-link break" href={linkTo('webhooks', id)}>
                <strong>{url}</strong>
                {description && <span class="quiet"> {description}</span>}
              </a>
            ),
          },
          { title: columns.status, cell: ({ status }) => <Status word={status} /> },
          { title: columns.waiting, isNumber: true, cell: ({ lag }) => numberIn(language, lag.events) },
          {
            title: columns.delivered,
            isNumber: true,
            cell: ({ deliveries }) => numberIn(language, deliveries.delivered),
          },
          { title: columns.failed, isNumber: true, cell: ({ deliveries }) => numberIn(language, deliveries.failed) },
          { title: columns.lastSuccess, cell: ({ last_success_at }) => <Time at={last_success_at} /> },
        ]}
      />
    </>
  );
}
