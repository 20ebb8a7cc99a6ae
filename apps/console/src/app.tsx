// The frame of all pages: who may see which, and how one gets there.
import type { Language } from '@chatapi/page/language';
import { useStore } from '@chatapi/page/value';
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon, type IconName } from './icons.tsx';
import { useTexts, useWords, type Words, WordsContext } from './language.tsx';
import { listen, pushed } from './live.ts';
import { Login } from './login.tsx';
import { Notices } from './notices.tsx';
import { AnnouncementsPage } from './pages/announcements.tsx';
import { AuditPage } from './pages/audit.tsx';
import { BotPage } from './pages/bot.tsx';
import { BotsPage } from './pages/bots.tsx';
import { FilesPage } from './pages/files.tsx';
import { HealthPage } from './pages/health.tsx';
import { HookPage } from './pages/hook.tsx';
import { InvitesPage } from './pages/invites.tsx';
import { IssuersPage } from './pages/issuers.tsx';
import { KeysPage } from './pages/keys.tsx';
import { MessageDeliveryPage } from './pages/message-delivery.tsx';
import { OverviewPage } from './pages/overview.tsx';
import { ReportsPage } from './pages/reports.tsx';
import { RoomPage } from './pages/room.tsx';
import { RoomsPage } from './pages/rooms.tsx';
import { SearchPage } from './pages/search.tsx';
import { UserPage } from './pages/user.tsx';
import { UsersPage } from './pages/users.tsx';
import { WebhookPage } from './pages/webhook.tsx';
import { WebhooksPage } from './pages/webhooks.tsx';
import { WordFilterPage } from './pages/word-filter.tsx';
import { Empty, Head, Waiting } from './parts.tsx';
import { QuestionDialog } from './question-dialog.tsx';
import { leave, openSession, type Session, session } from './session.ts';
import { textsIn } from './texts.ts';
import { linkTo, where } from './where.ts';

interface PageProps {
  id: string;
  isAdmin: boolean;
}

interface Place {
  all(props: PageProps): JSX.Element;
  one?(props: PageProps): JSX.Element;
  forAdmins?: true;
}

const PLACES = {
  overview: { all: () => <OverviewPage /> },
  users: { all: () => <UsersPage />, one: (props) => <UserPage {...props} /> },
  rooms: { all: () => <RoomsPage />, one: (props) => <RoomPage {...props} /> },
  reports: { all: (props) => <ReportsPage {...props} /> },
  words: { all: (props) => <WordFilterPage {...props} /> },
  announcements: { all: (props) => <AnnouncementsPage {...props} /> },
  audit: { all: () => <AuditPage /> },
  search: { all: () => <SearchPage />, forAdmins: true },
  files: { all: () => <FilesPage />, forAdmins: true },
  why: { all: () => <MessageDeliveryPage />, forAdmins: true },
  keys: { all: () => <KeysPage />, forAdmins: true },
  issuers: { all: () => <IssuersPage />, forAdmins: true },
  invites: { all: () => <InvitesPage />, forAdmins: true },
  bots: { all: () => <BotsPage />, one: (props) => <BotPage {...props} />, forAdmins: true },
  webhooks: { all: () => <WebhooksPage />, one: (props) => <WebhookPage {...props} />, forAdmins: true },
  hook: { all: () => <HookPage />, forAdmins: true },
  health: { all: () => <HealthPage /> },
} satisfies Partial<Record<IconName, Place>>;

type PlaceName = keyof typeof PLACES;

const GROUPS = {
  look: ['overview', 'health', 'why'],
  people: ['users', 'rooms', 'files'],
  order: ['reports', 'words', 'announcements', 'search', 'audit'],
  tools: ['keys', 'issuers', 'invites', 'bots', 'webhooks', 'hook'],
} satisfies Record<string, PlaceName[]>;

const placeOf = (name: string): Place | undefined => (name in PLACES ? PLACES[name as PlaceName] : undefined);

function Navigation({ isAdmin, current }: { isAdmin: boolean; current: string }): JSX.Element {
  const texts = useTexts();
  const open = useStore(pushed)?.open ?? 0;
  const mayAll = (name: PlaceName): boolean => isAdmin || placeOf(name)?.forAdmins !== true;
  return (
    <nav id="navigation" aria-label={texts.navigation}>
      {Object.entries(GROUPS).map(([group, names]) => {
        const shown = (names as PlaceName[]).filter(mayAll);
        if (shown.length === 0) return null;
        return (
          <div key={group} class="nav-group">
            <h2>{texts.groups[group as keyof typeof GROUPS]}</h2>
            <ul>
              {shown.map((name) => (
                <li key={name}>
                  <a href={linkTo(name)} aria-current={name === current ? 'page' : undefined}>
                    <Icon name={name} /> {texts.nav[name]}
                    {name === 'reports' && open > 0 && <span class="count">{open}</span>}
                  </a>
                </li>
              ))}
            </ul>
          </div>
        );
      })}
    </nav>
  );
}

function switchTheme(): void {
  const { style } = document.documentElement;
  const isDark =
    (style.colorScheme || (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) === 'dark';
  style.colorScheme = isDark ? 'light' : 'dark';
}

function Tools({ me, speak }: { me: Session['me']; speak(language: Language): void }): JSX.Element {
  const { language, texts } = useWords();
  const other = language === 'en' ? 'de' : 'en';
  return (
    <div class="tools">
      <span class="me">
        <strong>{me.username}</strong> <span class="quiet">{texts.states[me.role]}</span>
      </span>
      <button type="button" class="link" lang={other} onClick={() => speak(other)}>
        {texts.language}
      </button>
      <button type="button" class="icon-button" aria-label={texts.theme} title={texts.theme} onClick={switchTheme}>
        <Icon name="sun" />
      </button>
      <button
        type="button"
        class="icon-button"
        aria-label={texts.logOut}
        title={texts.logOut}
        onClick={() => void leave()}
      >
        <Icon name="leave" />
      </button>
    </div>
  );
}

function Page({ isAdmin }: { isAdmin: boolean }): JSX.Element {
  const texts = useTexts();
  const { page, id } = useStore(where);
  const place = placeOf(page);
  const show = id === undefined ? place?.all : place?.one;
  if (place === undefined || show === undefined)
    return (
      <>
        <Head title={texts.noPage} />
        <Empty>
          <a href={linkTo('overview')}>{texts.toOverview}</a>
        </Empty>
      </>
    );
  if (place.forAdmins && !isAdmin)
    return (
      <>
        <Head title={texts.nav[page as PlaceName]} />
        <Empty>{texts.forAdmins}</Empty>
      </>
    );
  return show({ id: id ?? '', isAdmin });
}

function Frame({ me, isAdmin, speak }: Session & { speak(language: Language): void }): JSX.Element {
  useEffect(listen, [me.id]);
  const texts = useTexts();
  const { page, id, query } = useStore(where);
  const [isOpen, open] = useState(false);
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  useEffect(() => {
    open(false);
    if (!isFirst.current) main.current?.querySelector<HTMLElement>('h1')?.focus();
    isFirst.current = false;
    scrollTo(0, 0);
  }, [page, id]);
  useEffect(() => {
    document.title = `${texts.nav[page as PlaceName] ?? texts.noPage} · chatapi`;
  }, [page, texts]);
  return (
    <div class="frame-all" data-open={isOpen}>
      <header class="side">
        <a class="skip" href={linkTo(page, id, query)} onClick={() => main.current?.querySelector('h1')?.focus()}>
          {texts.skip}
        </a>
        <div class="brand">
          <span class="mark" aria-hidden="true" />
          <strong>chatapi</strong> <span class="quiet">{texts.console}</span>
          <button
            type="button"
            class="icon-button menu"
            aria-label={texts.navigation}
            aria-expanded={isOpen}
            aria-controls="navigation"
            onClick={() => open(!isOpen)}
          >
            <Icon name={isOpen ? 'close' : 'menu'} />
          </button>
        </div>
        <Navigation isAdmin={isAdmin} current={page} />
        <Tools me={me} speak={speak} />
      </header>
      <main ref={main} key={`${page}/${id}`}>
        <Page isAdmin={isAdmin} />
      </main>
    </div>
  );
}

function Opening(): JSX.Element {
  const [error, setError] = useState<Error>();
  const open = (): void => {
    setError(undefined);
    openSession().catch(setError);
  };
  useEffect(open, []);
  return (
    <main class="login">
      <Waiting error={error} reload={open} />
    </main>
  );
}

export function App({ first }: { first: Words }): JSX.Element {
  const [words, setWords] = useState(first);
  const state = useStore(session);
  const speak = (language: Language): void => void textsIn(language).then((texts) => setWords({ language, texts }));
  useEffect(() => {
    document.documentElement.lang = words.language;
  }, [words]);
  return (
    <WordsContext.Provider value={words}>
      {state.state === 'opening' && <Opening />}
      {state.state === 'out' && <Login why={state.why} />}
      {state.state === 'in' && <Frame me={state.me} isAdmin={state.isAdmin} speak={speak} />}
      <Notices />
      <QuestionDialog />
    </WordsContext.Provider>
  );
}
