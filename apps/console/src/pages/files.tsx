import type { ListedExport, ListedFile } from '@chatapi/client';
import type { JSX } from 'preact';
import type { Filter } from '../filter-field.tsx';
import { sizeIn, useTexts, useWords } from '../language.tsx';
import { List } from '../list.tsx';
import { Head, Section, Status, Time, UserLink } from '../parts.tsx';
import { client } from '../session.ts';

/** Of all, or of one user. */
export function FileList({ userId }: { userId?: string }): JSX.Element {
  const { language, texts } = useWords();
  const { columns, sorts } = texts;
  const sort: Filter = {
    name: 'sort',
    label: texts.sort,
    kind: 'sort',
    options: [
      ['', sorts.newest],
      ['size', sorts.largest],
    ],
  };
  return (
    <List<ListedFile>
      label={texts.nav.files}
      empty={texts.empty.files}
      keyOf={(file) => file.id}
      filters={[sort]}
      read={(query) => (userId === undefined ? client.admin.files(query) : client.admin.userFiles(userId, query))}
      columns={[
        { title: columns.name, isMain: true, cell: ({ filename }) => <strong class="break">{filename}</strong> },
        { title: columns.kind, cell: ({ content_type }) => content_type },
        { title: columns.size, isNumber: true, cell: ({ size }) => sizeIn(language, size) },
        ...(userId === undefined
          ? [{ title: columns.user, cell: ({ uploaded_by }: ListedFile) => <UserLink id={uploaded_by} /> }]
          : []),
        { title: columns.scan, cell: ({ scan_status }) => <Status word={scan_status} /> },
        { title: columns.created, cell: ({ created_at }) => <Time at={created_at} /> },
      ]}
    />
  );
}

const SHOWN_EXPORTS = 20;

function Exports(): JSX.Element {
  const { language, texts } = useWords();
  const { columns } = texts;
  return (
    <List<ListedExport>
      label={texts.exports}
      empty={texts.empty.exports}
      limit={SHOWN_EXPORTS}
      cursorName="exports"
      keyOf={({ id }) => id}
      read={(query) => client.admin.exports(query)}
      columns={[
        { title: columns.user, isMain: true, cell: ({ user_id }) => <UserLink id={user_id} /> },
        { title: columns.status, cell: ({ status }) => <Status word={status} /> },
        { title: columns.size, isNumber: true, cell: ({ size }) => (size === null ? '–' : sizeIn(language, size)) },
        { title: columns.created, cell: ({ created_at }) => <Time at={created_at} /> },
        { title: columns.expires, cell: ({ expires_at }) => <Time at={expires_at} /> },
      ]}
    />
  );
}

export function FilesPage(): JSX.Element {
  const texts = useTexts();
  return (
    <>
      <Head title={texts.nav.files} lead={texts.leads.files} />
      <FileList />
      <Section title={texts.exports}>
        <Exports />
      </Section>
    </>
  );
}
