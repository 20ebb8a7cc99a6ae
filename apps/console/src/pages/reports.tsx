// The queue of reports: one is open beside it, and keys settle it.
import type { ListedReport } from '@chatapi/client';
import { useStore } from '@chatapi/page/value';
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useTexts } from '../language.tsx';
import { pushed, reportsSeen } from '../live.ts';
import { useLoad } from '../load.ts';
import { keysOf, onKeyOf, Pager, useTurns } from '../pager.tsx';
import { Button, Empty, Facts, Head, Section, Status, Time, UserLink, Waiting } from '../parts.tsx';
import {
  banReported,
  deleteReported,
  dismissReport,
  mayBan,
  mayDelete,
  mayMute,
  muteReported,
  type ReportDeed,
  resolve,
} from '../report-acts.ts';
import { client } from '../session.ts';
import { linkTo, refine, where } from '../where.ts';

const REFRESH_MS = 5000;
type Status_ = ListedReport['status'];

function Item({ report, isOpen, open }: { report: ListedReport; isOpen: boolean; open(): void }): JSX.Element {
  const { targets } = useTexts();
  const item = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (isOpen && document.activeElement?.closest('.queue')) item.current?.focus();
  }, [isOpen]);
  return (
    <li>
      <button
        ref={item}
        type="button"
        class="queue-item"
        aria-current={isOpen}
        tabIndex={isOpen ? 0 : -1}
        onClick={open}
      >
        <span class="queue-top">
          <strong>{targets[report.target_type]}</strong> <Status word={report.status} />
        </span>
        <span class="cut">{report.message?.content || report.reason}</span>
        <span class="quiet">
          <Time at={report.created_at} />
        </span>
      </button>
    </li>
  );
}

/** Asked for by hand: each look is on record. */
function Context({ id }: { id: string }): JSX.Element {
  const texts = useTexts();
  const { data, error, reload } = useLoad(id, { read: () => client.admin.reportContext(id) });
  if (data === undefined) return <Waiting error={error} reload={reload} />;
  return (
    <ol class="context">
      {data.messages.map((one) => (
        <li key={one.id} aria-current={one.id === data.message_id}>
          <span class="quiet">
            <UserLink id={one.sender_id} name={data.users[one.sender_id]?.username} /> · <Time at={one.created_at} />
          </span>
          <span class="pre">{one.is_deleted ? <em>{texts.deleted}</em> : [one.content, ...one.files].join(' ')}</span>
        </li>
      ))}
    </ol>
  );
}

function Message({ report }: { report: ListedReport }): JSX.Element | null {
  const texts = useTexts();
  const [isOpen, open] = useState(false);
  const { message } = report;
  if (report.target_type !== 'message') return null;
  if (message === null) return <Empty>{texts.messageGone}</Empty>;
  return (
    <div class="reported">
      <p class="quiet">
        <UserLink id={message.sender_id} /> · <a href={linkTo('rooms', message.chat_id)}>{texts.theRoom}</a> ·{' '}
        <Time at={message.created_at} />
      </p>
      {isOpen ? (
        <Context id={report.id} />
      ) : (
        <>
          <p class="pre said">{message.is_deleted ? <em>{texts.deleted}</em> : message.content}</p>
          <Button label={texts.do.context} onClick={() => open(true)} />
        </>
      )}
    </div>
  );
}

interface OneProps {
  deed: ReportDeed;
  setNote(note: string): void;
}

function One({ deed, setNote }: OneProps): JSX.Element {
  const { texts, report, note } = deed;
  const { do: words, columns } = texts;
  const isOpen = report.status === 'open';
  return (
    <Section title={texts.targets[report.target_type]} side={<Status word={report.status} />}>
      <Facts
        facts={[
          [texts.reason, <span class="pre">{report.reason || '–'}</span>],
          [texts.about, report.about_user_id ? <UserLink id={report.about_user_id} /> : texts.unknown],
          [texts.reporter, <UserLink id={report.reporter_id} />],
          [columns.at, <Time at={report.created_at} />],
          ...(isOpen
            ? []
            : ([
                [texts.handledBy, report.handled_by ? <UserLink id={report.handled_by} /> : '–'],
                [texts.note, report.note ?? '–'],
              ] as [string, JSX.Element | string][])),
        ]}
      />
      <Message report={report} />
      {isOpen && (
        <>
          <div class="field">
            <label for="note">{texts.note}</label>
            <input
              id="note"
              maxLength={500}
              value={note}
              onInput={({ currentTarget }) => setNote(currentTarget.value)}
            />
          </div>
          <div class="buttons">
            <Button kind="primary" label={words.resolve} onClick={() => void resolve(deed)} />
            <Button label={words.dismiss} onClick={() => void dismissReport(deed)} />
            {mayDelete(deed) && (
              <Button kind="danger" label={words.deleteReported} onClick={() => void deleteReported(deed)} />
            )}
            {mayMute(deed) && <Button kind="danger" label={words.mute} onClick={() => void muteReported(deed)} />}
            {mayBan(deed) && <Button kind="danger" label={words.banAuthor} onClick={() => void banReported(deed)} />}
          </div>
        </>
      )}
    </Section>
  );
}

/** What keys do to the report that is open. Only while the queue has the focus (WCAG 2.1.4). */
const actsOf = (deed: ReportDeed, step: (by: number) => void) => ({
  j: () => step(1),
  ArrowDown: () => step(1),
  k: () => step(-1),
  ArrowUp: () => step(-1),
  ...(deed.report.status === 'open' && {
    r: () => resolve(deed),
    d: () => dismissReport(deed),
    x: mayDelete(deed) && (() => deleteReported(deed)),
    m: mayMute(deed) && (() => muteReported(deed)),
    b: mayBan(deed) && (() => banReported(deed)),
  }),
});

export function ReportsPage({ isAdmin }: { isAdmin: boolean }): JSX.Element {
  const texts = useTexts();
  const { query } = useStore(where);
  const status = (query.status ?? 'open') as Status_;
  const version = useStore(reportsSeen);
  const isLive = useStore(pushed) !== undefined;
  const { data, error, reload } = useLoad(JSON.stringify([version, status, query.target_id, query.cursor]), {
    read: () => client.admin.reports({ status, target_id: query.target_id, cursor: query.cursor, limit: 50 }),
    everyMs: isLive ? 0 : REFRESH_MS,
  });
  const items = data?.items ?? [];
  const at = Math.max(
    0,
    items.findIndex(({ id }) => id === query.report),
  );
  const report = items[at];
  const open = (next: ListedReport | undefined): void => next && refine({ report: next.id });
  const after = (): void => {
    open(items[at + 1] ?? items[at - 1]);
    reload();
  };
  const queue = useRef<HTMLElement>(null);
  const turns = useTurns({
    page: data,
    cursorName: 'cursor',
    leaves: { report: undefined },
    onTurn: () => queue.current?.focus(),
  });
  const [note, setNote] = useState('');
  useEffect(() => setNote(''), [report?.id]);
  const deed = report && { texts, report, note, isAdmin, after };
  return (
    <>
      <Head title={texts.nav.reports} lead={texts.leads.reports}>
        <label class="filter">
          <span class="sr">{texts.columns.status}</span>
          <select
            value={status}
            onChange={({ currentTarget }) =>
              refine({ status: currentTarget.value, cursor: undefined, report: undefined }, { trails: { cursor: [] } })
            }
          >
            {(['open', 'resolved', 'dismissed'] as const).map((one) => (
              <option key={one} value={one} selected={one === status}>
                {texts.states[one]}
              </option>
            ))}
          </select>
        </label>
      </Head>
      {(data === undefined || error) && <Waiting error={error} reload={reload} />}
      {data && report === undefined && <Empty>{status === 'open' ? texts.empty.reports : texts.nothingFound}</Empty>}
      {deed && (
        <div class="split">
          <section
            ref={queue}
            tabIndex={-1}
            class="queue"
            aria-label={texts.nav.reports}
            onKeyDown={(event) => onKeyOf({ ...keysOf(turns), ...actsOf(deed, (by) => open(items[at + by])) }, event)}
          >
            <ul>
              {items.map((one) => (
                <Item key={one.id} report={one} isOpen={one === report} open={() => open(one)} />
              ))}
            </ul>
            <p class="quiet keys">{texts.keys}</p>
            {data && <Pager page={data} turns={turns} />}
          </section>
          <One deed={deed} setNote={setNote} />
        </div>
      )}
    </>
  );
}
