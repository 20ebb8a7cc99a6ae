// The text of a message: code, bold words and links; nothing else has a meaning.
import type { ComponentChild, JSX } from 'preact';

const FENCE = /```(?:[\w+-]*\n)?([\s\S]*?)```/;
const INLINE = /`([^`\n]+)`|\*\*([^*\n]+)\*\*|(https?:\/\/[^\s<>"]+[^\s<>".,:;!?)\]])/g;
const FEW_EMOJIS = /^(?:\p{RGI_Emoji}\s?){1,3}$/v;

function inline(text: string): ComponentChild[] {
  const parts: ComponentChild[] = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    const [whole, code, bold, link] = match;
    parts.push(text.slice(end, match.index));
    if (code !== undefined) parts.push(<code>{code}</code>);
    else if (bold !== undefined) parts.push(<strong>{bold}</strong>);
    else
      parts.push(
        <a href={link} target="_blank" rel="noopener noreferrer nofollow">
          {link}
        </a>,
      );
    end = match.index + whole.length;
  }
  return [...parts, text.slice(end)];
}

export function Content({ text }: { text: string }): JSX.Element {
  const pieces = text.split(FENCE);
  const isBig = FEW_EMOJIS.test(text.trim());
  return (
    <div class={isBig ? 'content big' : 'content'}>
      {pieces.map((piece, at) => {
        // Every second one was between fences.
        if (at % 2 === 1) return <pre>{piece.replace(/\n$/, '')}</pre>;
        const trimmed = pieces.length > 1 ? piece.trim() : piece;
        return trimmed === '' ? null : <p>{inline(trimmed)}</p>;
      })}
    </div>
  );
}

const PREVIEW = /```[\w+-]*\n?|[`*]{1,2}/g;

/** One line of it, for lists. */
export const previewOf = (text: string): string => text.replace(PREVIEW, '').replace(/\s+/g, ' ').trim();
