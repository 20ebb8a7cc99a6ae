// Icons, drawn with lines in a box of 24.
import type { JSX } from 'preact';

const PATHS = {
  back: 'M15 5l-7 7 7 7',
  close: 'M6 6l12 12M18 6L6 18',
  search: 'M11 4a7 7 0 1 0 0 14a7 7 0 0 0 0-14zM16 16l5 5',
  send: 'M4 12l16-8-6 16-3-7zM11 13l4-4',
  attach: 'M20 11l-8.5 8.5a5 5 0 0 1-7-7L13 4a3.4 3.4 0 0 1 5 5l-8.5 8.5a1.7 1.7 0 0 1-2.5-2.5L15 7',
  smile: 'M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18zM8.5 14.5c1 1.4 2.1 2 3.5 2s2.500-.6 3.500-2M9 9.500v.01M15 9.500v.01',
  reply: 'M9 7l-5 5 5 5M4 12h9a7 7 0 0 1 7 7',
  edit: 'M4 20l1-5L16 4l4 4L9 19zM13 7l4 4',
  trash: 'M5 7h14M10 4h4M7 7l1 13h8l1-13M10 11v5M14 11v5',
  down: 'M12 5v14M6 13l6 6 6-6',
  plug: 'M9 17H7A5 5 0 0 1 7 7h2M15 7h2a5 5 0 0 1 0 10h-2M8 12h8',
  cut: 'M9 17H7A5 5 0 0 1 7 7M15 7h2a5 5 0 0 1 3.5 8.5M8 12h4M3 3l18 18',
  bolt: 'M13 3L5 14h6l-1 7 8-11h-6z',
  file: 'M6 3h8l4 4v14H6zM14 3v4h4',
  sun: 'M12 8a4 4 0 1 0 0 8a4 4 0 0 0 0-8zM12 2v2M12 20v2M4 12H2M22 12h-2M5 5l1.500 1.500M17.500 17.500L19 19M19 5l-1.500 1.500M6.500 17.500L5 19',
  clock: 'M12 4a8 8 0 1 0 0 16a8 8 0 0 0 0-16zM12 8v4l3 2',
  tick: 'M5 13l4 4L19 7',
  ticks: 'M2 13l4 4L16 7M11 15l2 2L23 7',
  alert: 'M12 4l9 16H3zM12 10v4M12 17v.01',
} as const;

export type IconName = keyof typeof PATHS;

/** Hidden from assistive technology: what it stands beside has a name. */
export const Icon = ({ name }: { name: IconName }): JSX.Element => (
  <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
    <path d={PATHS[name]} />
  </svg>
);

interface ButtonProps {
  icon: IconName;
  label: string;
  onClick?: (event: MouseEvent) => void;
  class?: string;
  tabIndex?: number;
  disabled?: boolean;
  type?: 'button' | 'submit';
  isExpanded?: boolean;
}

export const IconButton = ({
  icon,
  label,
  type = 'button',
  isExpanded,
  class: name,
  ...rest
}: ButtonProps): JSX.Element => (
  <button
    {...rest}
    type={type}
    class={`icon-button ${name ?? ''}`}
    aria-label={label}
    title={label}
    aria-expanded={isExpanded}
  >
    <Icon name={icon} />
  </button>
);
