import type { WordFilter } from '@chatapi/client';
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useTexts } from '../language.tsx';
import { Table } from '../list.tsx';
import { useLoad } from '../load.ts';
import { Badge, Button, Empty, Head, Section, Time, Waiting } from '../parts.tsx';
import { Problem } from '../problem.tsx';
import { ask, listIn, textIn } from '../questions.ts';
import { act } from '../run-act.ts';
import { client } from '../session.ts';
import type { Texts } from '../texts.ts';

type Word = WordFilter['words'][number];

/** Of two admins who change the list at once, the second must not undo the first unseen. */
async function change(title: string, make: (words: Word[]) => Word[], after: () => void): Promise<void> {
  const before = (await client.admin.wordFilter()).words;
  const wanted = make(before);
  const same = (words: Word[]): boolean =>
    JSON.stringify(words.map(({ word, action }) => [word, action])) ===
    JSON.stringify(wanted.map(({ word, action }) => [word, action]));
  await act({
    title,
    run: () => client.admin.setWordFilter({ words: wanted }),
    isDone: async () => same((await client.admin.wordFilter()).words),
    undo: () => ({ title, run: () => client.admin.setWordFilter({ words: before }), after }),
    after,
  });
}

async function add(texts: Texts, after: () => void): Promise<void> {
  const answers = await ask({
    title: texts.do.addWords,
    fields: [
      { name: 'words', label: texts.words, kind: 'area', hint: texts.wordsHint, isRequired: true },
      {
        name: 'action',
        label: texts.columns.action,
        kind: 'select',
        options: [
          ['block', texts.blocks],
          ['mask', texts.masks],
        ],
      },
    ],
    yes: texts.do.add,
  });
  if (answers === undefined) return;
  const action = textIn(answers, 'action') as Word['action'];
  const added = listIn(answers, 'words').map((word) => ({ word, action }));
  await change(
    texts.do.addWords,
    (words) => [...words.filter(({ word }) => !added.some((one) => one.word === word)), ...added],
    after,
  );
}

const TYPING_MS = 300;

function TryOut({ version }: { version: number }): JSX.Element {
  const texts = useTexts();
  const [text, setText] = useState('');
  const [judged, setJudged] = useState<{ text: string; blocked: boolean }>();
  const [error, setError] = useState<Error>();
  useEffect(() => {
    setJudged(undefined);
    setError(undefined);
    if (text.trim() === '') return;
    let isCurrent = true;
    const timer = setTimeout(() => {
      client.admin.tryWordFilter({ text }).then(
        (judgement) => isCurrent && setJudged(judgement),
        (thrown) => isCurrent && setError(thrown),
      );
    }, TYPING_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [text, version]);
  const passes = judged !== undefined && !judged.blocked && judged.text === text;
  return (
    <Section title={texts.tryOut}>
      <div class="field">
        <label for="try">{texts.tryLabel}</label>
        <textarea id="try" rows={2} maxLength={4000} onInput={({ currentTarget }) => setText(currentTarget.value)} />
      </div>
      <div role="status" class="verdict">
        {error && <Problem error={error} />}
        {judged?.blocked && <Badge tone="bad">{texts.isBlocked}</Badge>}
        {judged && !judged.blocked && !passes && (
          <>
            <Badge tone="warn">{texts.isMasked}</Badge> <span class="pre">{judged.text}</span>
          </>
        )}
        {passes && <Badge tone="good">{texts.passes}</Badge>}
      </div>
    </Section>
  );
}

export function WordFilterPage({ isAdmin }: { isAdmin: boolean }): JSX.Element {
  const texts = useTexts();
  const { data, error, reload } = useLoad('words', { read: () => client.admin.wordFilter() });
  const [shown, show] = useState('');
  const { columns } = texts;
  const words = (data?.words ?? []).filter(({ word }) => word.toLowerCase().includes(shown.toLowerCase()));
  const remove = (gone: string): void =>
    void change(texts.acts.removeWord(gone), (all) => all.filter(({ word }) => word !== gone), reload);
  return (
    <>
      <Head title={texts.nav.words} lead={texts.leads.words}>
        {isAdmin && (
          <Button kind="primary" icon="plus" label={texts.do.addWords} onClick={() => void add(texts, reload)} />
        )}
      </Head>
      <TryOut version={data?.revision ?? 0} />
      <Section
        title={texts.words}
        side={
          data && (
            <span class="quiet">
              {texts.changed} <Time at={data.updated_at} />
            </span>
          )
        }
      >
        {(data === undefined || error) && <Waiting error={error} reload={reload} />}
        {data && data.words.length > 0 && (
          <search class="filters inside">
            <label class="filter search">
              <span class="quiet">{texts.search}</span>
              <input type="search" onInput={({ currentTarget }) => show(currentTarget.value)} />
            </label>
          </search>
        )}
        {data && words.length === 0 && (
          <Empty>{data.words.length === 0 ? texts.empty.words : texts.nothingFound}</Empty>
        )}
        {words.length > 0 && (
          <Table<Word>
            label={texts.words}
            items={words}
            keyOf={({ word }) => word}
            columns={[
              { title: columns.word, isMain: true, cell: ({ word }) => <strong>{word}</strong> },
              { title: columns.action, cell: ({ action }) => (action === 'block' ? texts.blocks : texts.masks) },
              ...(isAdmin
                ? [
                    {
                      title: columns.acts,
                      cell: ({ word }: Word) => <Button label={texts.do.remove} onClick={() => remove(word)} />,
                    },
                  ]
                : []),
            ]}
          />
        )}
      </Section>
    </>
  );
}
