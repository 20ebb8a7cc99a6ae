// The hook before messages: a server of somebody else that may refuse or change each message.
import type { BeforeMessageHook } from '@chatapi/client';
import type { JSX } from 'preact';
import { putHook, readHook, removeHook } from '../hook-acts.ts';
import { numberIn, useWords } from '../language.tsx';
import { useLoad } from '../load.ts';
import { Button, Empty, Facts, Head, Mono, Section, Time, UserLink, Waiting } from '../parts.tsx';

function About({ hook }: { hook: BeforeMessageHook }): JSX.Element {
  const { language, texts } = useWords();
  const words = texts.hook;
  return (
    <Section title={texts.details}>
      <Facts
        facts={[
          ['URL', hook.url],
          [words.timeout, numberIn(language, hook.timeout_ms)],
          [texts.nav.rooms, hook.rooms?.join(', ') ?? texts.all],
          [
            words.setBy,
            hook.created_by.startsWith('usr_') ? <UserLink id={hook.created_by} /> : <Mono>{hook.created_by}</Mono>,
          ],
          [texts.columns.created, <Time at={hook.created_at} />],
          [words.changed, <Time at={hook.updated_at} />],
        ]}
      />
    </Section>
  );
}

function Failing({ hook }: { hook: BeforeMessageHook }): JSX.Element {
  const words = useWords().texts.hook;
  const accepts = hook.on_failure === 'accept';
  return (
    <Section title={words.failing}>
      <p>
        <strong>{accepts ? words.accepts : words.rejects}.</strong> {accepts ? words.acceptText : words.rejectText}
      </p>
      <p class="quiet">{words.failures}</p>
    </Section>
  );
}

export function HookPage(): JSX.Element {
  const { texts } = useWords();
  const { data: hook, error, reload } = useLoad('hook', { read: readHook });
  const deed = hook === undefined ? undefined : { texts, hook, after: reload };
  return (
    <>
      <Head title={texts.nav.hook} lead={texts.leads.hook}>
        {deed && (
          <Button
            kind={deed.hook === null ? 'primary' : 'plain'}
            label={deed.hook === null ? texts.do.setHook : texts.do.change}
            onClick={() => void putHook(deed)}
          />
        )}
        {deed?.hook && <Button kind="danger" label={texts.do.delete} onClick={() => void removeHook(deed)} />}
      </Head>
      {(hook === undefined || error) && <Waiting error={error} reload={reload} />}
      {hook === null && <Empty>{texts.empty.hook}</Empty>}
      {hook && <About hook={hook} />}
      {hook && <Failing hook={hook} />}
    </>
  );
}
