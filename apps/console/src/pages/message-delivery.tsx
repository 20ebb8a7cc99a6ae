// Why did somebody not get a message?
import type { MessageDelivery } from '@chatapi/client';
import { useStore } from '@chatapi/page/value';
import type { JSX } from 'preact';
import { useTexts } from '../language.tsx';
import { Table } from '../list.tsx';
import { useLoad } from '../load.ts';
import { idOf } from '../names.ts';
import { Badge, Empty, Facts, Head, Mono, Section, Status, Time, type Tone, UserLink, Waiting } from '../parts.tsx';
import { client } from '../session.ts';
import { linkTo, refine, where } from '../where.ts';

const TONES: Record<MessageDelivery['verdict'], Tone> = {
  own: 'plain',
  read: 'good',
  delivered: 'good',
  connected: 'accent',
  connected_later: 'accent',
  not_connected: 'warn',
  unknown: 'warn',
  not_a_member: 'bad',
  deleted: 'bad',
  account_closed: 'bad',
};

function Question(): JSX.Element {
  const texts = useTexts();
  const { query } = useStore(where);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    refine({ message: String(form.get('message')).trim(), user: String(form.get('user')).trim() }, { isStep: true });
  };
  return (
    <form class="card question" onSubmit={submit}>
      <div class="field">
        <label for="message">{texts.why.message}</label>
        <input
          id="message"
          name="message"
          required
          defaultValue={query.message ?? ''}
          placeholder="msg_…"
          autocomplete="off"
        />
      </div>
      <div class="field">
        <label for="user">{texts.why.user}</label>
        <input id="user" name="user" required defaultValue={query.user ?? ''} autocomplete="off" />
      </div>
      <button type="submit" class="button primary">
        {texts.why.ask}
      </button>
    </form>
  );
}

function Connections({ connections }: Pick<MessageDelivery, 'connections'>): JSX.Element {
  const { why, columns } = useTexts();
  if (connections.length === 0) return <Empty>{why.noConnections}</Empty>;
  return (
    <Table
      label={why.connections}
      items={connections}
      keyOf={({ id }) => id}
      columns={[
        { title: columns.node, isMain: true, cell: ({ node }) => node },
        { title: columns.opened, cell: ({ opened_at }) => <Time at={opened_at} /> },
        { title: columns.closed, cell: ({ closed_at }) => (closed_at === null ? why.open : <Time at={closed_at} />) },
        { title: columns.closeCode, isNumber: true, cell: ({ close_code }) => close_code ?? '–' },
      ]}
    />
  );
}

function Answer({ message, user }: { message: string; user: string }): JSX.Element {
  const texts = useTexts();
  const { why, columns, roles } = texts;
  const { data, error, reload } = useLoad(`${message} ${user}`, {
    read: async () => client.admin.delivery(message, { user_id: await idOf(user) }),
  });
  if (data === undefined) return <Waiting error={error} reload={reload} />;
  const { membership, positions } = data;
  return (
    <>
      <Section title={why.verdict}>
        <p class="verdict-line">
          <Badge tone={TONES[data.verdict]}>{why.verdicts[data.verdict][0]}</Badge> {why.verdicts[data.verdict][1]}
        </p>
        {data.reasons.length > 0 && (
          <ul class="reasons">
            {data.reasons.map((reason) => (
              <li key={reason}>{why.reasons[reason]}</li>
            ))}
          </ul>
        )}
      </Section>
      <Section title={texts.details}>
        <Facts
          facts={[
            [columns.sent, <Time at={data.message.created_at} />],
            [why.from, <UserLink id={data.message.sender_id} />],
            [columns.room, <a href={linkTo('rooms', data.message.chat_id)}>{data.message.chat_id}</a>],
            [why.position, <Mono>{String(data.message.seq)}</Mono>],
            [why.to, <UserLink id={data.user.id} />],
            [columns.status, <Status word={data.user.status} />],
            [columns.lastSeen, <Time at={data.user.last_seen_at} />],
            [columns.role, membership.role === null ? texts.none : roles[membership.role]],
            [columns.joined, <Time at={membership.joined_at} />],
            [why.left, <Time at={membership.left_at} />],
            [why.readTo, positions.read_seq ?? '–'],
            [why.deliveredTo, positions.delivered_seq ?? '–'],
          ]}
        />
      </Section>
      <Section title={why.connections}>
        <Connections connections={data.connections} />
      </Section>
    </>
  );
}

export function MessageDeliveryPage(): JSX.Element {
  const texts = useTexts();
  const { query } = useStore(where);
  const { message, user } = query;
  return (
    <>
      <Head title={texts.nav.why} lead={texts.leads.why} />
      <Question key={`${message} ${user}`} />
      {message && user && <Answer key={`${message} ${user}`} message={message} user={user} />}
    </>
  );
}
