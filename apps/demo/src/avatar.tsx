import type { JSX } from 'preact';

interface AvatarProps {
  name: string;
  /** Decides the colour. */
  id: string;
  url?: string | null;
  /** undefined: not shown. */
  isOnline?: boolean;
  isSmall?: boolean;
}

const HUES = 6;
const hueOf = (id: string): number =>
  [...id].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 997, 7) % HUES;

export const Avatar = ({ name, id, url, isOnline, isSmall }: AvatarProps): JSX.Element => (
  <span class={`avatar hue-${hueOf(id)}${isSmall ? ' small' : ''}`} aria-hidden="true">
    {url ? <img src={url} alt="" /> : [...name][0]?.toUpperCase()}
    {isOnline !== undefined && <span class={`presence ${isOnline ? 'online' : ''}`} />}
  </span>
);
