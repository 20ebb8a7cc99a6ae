// The number of unread messages, if there are any.
import type { JSX } from 'preact';
import { useTexts } from './language.tsx';

export function UnreadBadge({ unread }: { unread: number }): JSX.Element | null {
  const texts = useTexts();
  if (unread === 0) return null;
  return (
    <span class="badge">
      <span aria-hidden="true">{unread > 99 ? '99+' : unread}</span>
      <span class="sr">{texts.unread(unread)}</span>
    </span>
  );
}
