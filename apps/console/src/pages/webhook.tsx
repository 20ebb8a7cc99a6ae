import type { Delivery, Webhook } from '@chatapi/client';
import type { JSX } from 'preact';
import { durationIn, numberIn, useWords } from '../language.tsx';
import { List } from '../list.tsx';
import { useLoad } from '../load.ts';
import { Button, Facts, Head, Mono, Section, Status, Time, Waiting } from '../parts.tsx';
import { client } from '../session.ts';
import { removeWebhook, replay, rotate, test, turn } from '../webhook-acts.ts';
import { Scopes } from './keys.tsx';

const REFRESH_MS = 5000;

function Acts({ hook, after }: { hook: Webhook; after(): void }): JSX.Element {
  const { texts } = useWords();
  const deed = { texts, hook, after };
  const isActive = hook.status === 'active';
  return (
    <>
      <Button label={texts.do.test} onClick={() => void test(deed)} />
      <Button label={isActive ? texts.do.pause : texts.do.resume} onClick={() => void turn(deed, isActive)} />
      <Button label={texts.do.replay} onClick={() => void replay(deed)} />
      <Button label={texts.do.rotate} onClick={() => void rotate(deed)} />
      <Button kind="danger" label={texts.do.delete} onClick={() => void removeWebhook(deed)} />
    </>
  );
}

function About({ hook }: { hook: Webhook }): JSX.Element {
  const { language, texts } = useWords();
  const { columns, webhook } = texts;
  const failure = hook.last_failure;
  return (
    <Section title={texts.details}>
      <Facts
        facts={[
          [columns.status, <Status word={hook.status} />],
          [webhook.pausedReason, hook.paused_reason ?? '–'],
          [columns.eventTypes, <Scopes scopes={hook.events} />],
          [texts.nav.rooms, hook.rooms?.join(', ') ?? texts.all],
          [
            columns.waiting,
            `${numberIn(language, hook.lag.events)}${hook.lag.events > 0 ? ` · ${durationIn(language, hook.lag.seconds)}` : ''}`,
          ],
          [columns.lastSuccess, <Time at={hook.last_success_at} />],
          [
            webhook.lastFailure,
            failure === null ? (
              texts.none
            ) : (
              <>
                <Time at={failure.at} /> {failure.status ?? ''} {failure.error}
              </>
            ),
          ],
          ['ID', <Mono>{hook.id}</Mono>],
        ]}
      />
    </Section>
  );
}

export function WebhookPage({ id }: { id: string }): JSX.Element {
  const { texts } = useWords();
  const { columns, states } = texts;
  const { data: hook, error, reload } = useLoad(id, { read: () => client.webhooks.get(id), everyMs: REFRESH_MS });
  return (
    <>
      <Head title={<span class="break">{hook?.url ?? id}</span>} lead={hook?.description || undefined}>
        {hook && <Acts hook={hook} after={reload} />}
      </Head>
      {(hook === undefined || error) && <Waiting error={error} reload={reload} />}
      {hook && <About hook={hook} />}
      <Section title={texts.deliveries}>
        <List<Delivery>
          label={texts.deliveries}
          empty={texts.empty.deliveries}
          everyMs={REFRESH_MS}
          keyOf={(one) => one.id}
          read={({ status, ...query }) =>
            client.webhooks.deliveries(id, { ...query, status: status as Delivery['status'] })
          }
          filters={[
            {
              name: 'status',
              label: columns.status,
              kind: 'select',
              options: (['delivered', 'failed', 'pending'] as const).map((one) => [one, states[one]] as const),
            },
          ]}
          columns={[
            { title: columns.eventType, isMain: true, cell: ({ type }) => <strong>{type}</strong> },
            { title: columns.status, cell: ({ status }) => <Status word={status} /> },
            { title: 'HTTP', isNumber: true, cell: ({ http_status }) => http_status ?? '–' },
            { title: columns.attempt, isNumber: true, cell: ({ attempt }) => attempt },
            { title: columns.latency, isNumber: true, cell: ({ duration_ms }) => `${Math.round(duration_ms)} ms` },
            {
              title: columns.room,
              cell: ({ chat_id, seq }) => (chat_id === null ? '–' : <Mono>{`${chat_id} #${seq}`}</Mono>),
            },
            { title: columns.error, cell: (one) => <span class="break">{one.error ?? '–'}</span> },
            { title: columns.at, cell: ({ created_at }) => <Time at={created_at} /> },
          ]}
        />
      </Section>
    </>
  );
}
