// Icons, drawn with lines in a box of 24.
import type { JSX } from 'preact';

const PATHS = {
  overview: 'M4 13h6V4H4zM14 20h6v-9h-6zM14 4v3h6V4zM4 20h6v-3H4z',
  users:
    'M9 11a3.5 3.5 0 1 0 0-7a3.500 3.500 0 0 0 0 7zM3 20a6 6 0 0 1 12 0M16 4.500a3.500 3.500 0 0 1 0 6.500M18 15a6 6 0 0 1 3 5',
  rooms: 'M4 5h16v11H9l-5 4z',
  reports: 'M5 21V4h11l-2 4 2 4H5',
  words: 'M4 7V5h12v2M10 5v12M8 17h4M17 13v6M14 16h6',
  announcements: 'M4 10v4h3l8 4V6L7 10zM18 9a4 4 0 0 1 0 6',
  audit: 'M6 3h9l4 4v14H6zM9 11h7M9 15h7M9 7h3',
  files: 'M6 3h8l4 4v14H6zM14 3v4h4',
  keys: 'M8 15a4 4 0 1 1 3.500-6H21v3h-2v3h-3v-3h-4.500A4 4 0 0 1 8 15zM8 11v.01',
  issuers: 'M12 3l8 3v6c0 5-4 8-8 9c-4-1-8-4-8-9V6zM9 12l2 2 4-4',
  invites: 'M3 6h18v12H3zM3 7l9 7 9-7',
  bots: 'M5 9h14v10H5zM12 9V5M9 13v2M15 13v2M2 13v3M22 13v3M12 5v.01',
  webhooks: 'M9 7a3 3 0 1 1 5 2l3 5M6 13a3 3 0 1 0 3 3h6M18 19a3 3 0 1 0-1-5',
  hook: 'M16 3v11a5 5 0 0 1-10 0v-3l3 3M16 3h.01',
  search: 'M10.500 4a6.500 6.500 0 1 0 0 13a6.500 6.500 0 0 0 0-13zM15.500 15.500L20 20',
  health: 'M3 12h4l3-7 4 14 3-7h4',
  why: 'M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18zM9.500 9.500a2.500 2.500 0 1 1 3.500 2.300c-.7.300-1 .8-1 1.700M12 17v.01',
  menu: 'M4 7h16M4 12h16M4 17h16',
  close: 'M6 6l12 12M18 6L6 18',
  next: 'M9 5l7 7-7 7',
  sun: 'M12 8a4 4 0 1 0 0 8a4 4 0 0 0 0-8zM12 2v2M12 20v2M4 12H2M22 12h-2M5 5l1.500 1.500M17.500 17.500L19 19M19 5l-1.500 1.500M6.500 17.500L5 19',
  leave: 'M14 4h5v16h-5M10 8l-4 4 4 4M6 12h9',
  download: 'M12 4v11M7 11l5 5 5-5M5 20h14',
  plus: 'M12 5v14M5 12h14',
} as const;

export type IconName = keyof typeof PATHS;

/** Hidden from assistive technology: what it stands beside has a name. */
export const Icon = ({ name }: { name: IconName }): JSX.Element => (
  <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
    <path d={PATHS[name]} />
  </svg>
);
