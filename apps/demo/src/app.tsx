// The page: two panes, side by side where there is place.
import type { Language } from '@chatapi/page/language';
import { useStore } from '@chatapi/page/value';
import type { JSX } from 'preact';
import { useCallback, useEffect, useState } from 'preact/hooks';
import { Avatar } from './avatar.tsx';
import { IconButton } from './icons.tsx';
import { useLanguage, useTexts, type Words, WordsContext } from './language.tsx';
import { Pane } from './pane.tsx';
import { forgetPeople, openPeople, type Person } from './people.ts';
import { baseUrl, type DemoSettings } from './settings.ts';
import { textsIn } from './texts.ts';
import { UnreadBadge } from './unread-badge.tsx';

const WIDE = matchMedia('(min-width: 60rem)');

function useWide(): boolean {
  const [isWide, set] = useState(WIDE.matches);
  useEffect(() => {
    const changed = (): void => set(WIDE.matches);
    WIDE.addEventListener('change', changed);
    return () => WIDE.removeEventListener('change', changed);
  }, []);
  return isWide;
}

function switchTheme(): void {
  const { style } = document.documentElement;
  const isDark =
    (style.colorScheme || (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) === 'dark';
  style.colorScheme = isDark ? 'light' : 'dark';
}

function Head({ speak }: { speak(language: Language): void }): JSX.Element {
  const texts = useTexts();
  const other = useLanguage() === 'en' ? 'de' : 'en';
  return (
    <header class="page-head">
      <div class="brand">
        <span class="mark" aria-hidden="true" />
        <h1>
          chatapi <span class="sr">demo</span>
        </h1>
      </div>
      <p class="promise">
        <strong>{texts.promise}</strong> <span>{texts.lead}</span>
      </p>
      <nav class="tools" aria-label="chatapi">
        <a href={`${baseUrl}/docs`}>{texts.documents}</a>
        <button type="button" class="link" lang={other} onClick={() => speak(other)}>
          {texts.language}
        </button>
        <IconButton icon="sun" label={texts.theme} onClick={switchTheme} />
      </nav>
    </header>
  );
}

function Tab({ person, isShown, show }: { person: Person; isShown: boolean; show(): void }): JSX.Element {
  const { unread } = useStore(person.live.badges());
  return (
    <button type="button" class="tab" aria-pressed={isShown} onClick={show}>
      <Avatar name={person.name} id={person.id} isSmall /> {person.name}
      <UnreadBadge unread={unread} />
    </button>
  );
}

function Panes({
  people,
  settings,
  startOver,
}: {
  people: Person[];
  settings: DemoSettings;
  startOver(): void;
}): JSX.Element {
  const texts = useTexts();
  const isWide = useWide();
  const [shown, show] = useState(0);
  return (
    <main class="main">
      {!isWide && (
        <fieldset class="tabs" aria-label={texts.people}>
          {people.map((person, at) => (
            <Tab key={person.id} person={person} isShown={at === shown} show={() => show(at)} />
          ))}
        </fieldset>
      )}
      <div class="panes">
        {people.map((me, at) => (
          <Pane
            key={me.id}
            me={me}
            other={people[1 - at] as Person}
            settings={settings}
            isVisible={isWide || at === shown}
            startOver={startOver}
          />
        ))}
      </div>
    </main>
  );
}

export function App({ settings, first }: { settings: DemoSettings; first: Words }): JSX.Element {
  const [words, setWords] = useState(first);
  const [people, setPeople] = useState<Person[]>();
  const [error, setError] = useState<Error>();
  const { language, texts } = words;
  const start = useCallback((): void => {
    setError(undefined);
    openPeople(settings, texts).then(setPeople, setError);
  }, [settings, texts]);
  const startOver = (): void => {
    forgetPeople();
    location.reload();
  };
  const speak = (next: Language): void => void textsIn(next).then((its) => setWords({ language: next, texts: its }));
  // Once: another language must not make other people.
  useEffect(start, []);
  useEffect(() => {
    document.documentElement.lang = language;
    document.title = texts.title;
  }, [language, texts]);
  return (
    <WordsContext.Provider value={words}>
      <Head speak={speak} />
      {people !== undefined ? (
        <Panes people={people} settings={settings} startOver={startOver} />
      ) : (
        <main class="start">
          {error === undefined ? (
            <p role="status">
              <span class="spinner" aria-hidden="true" /> {texts.preparing}
            </p>
          ) : (
            <div role="alert">
              <p>{texts.failed}</p>
              <p class="quiet">{error.message}</p>
              <button type="button" class="button primary" onClick={start}>
                {texts.tryAgain}
              </button>
            </div>
          )}
        </main>
      )}
    </WordsContext.Provider>
  );
}
