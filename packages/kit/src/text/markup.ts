// Removes markup that would act when a page assigns a text to `innerHTML`; everything else stays as
// sent. Takes time linear in the length of the text; cleaning twice changes nothing.
import { isActiveAttribute, isActiveElement, isVoid } from './active-markup.ts';
import { commentEnd, kindAt, readTag, type Tag } from './tokenizer.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this looks for
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g;

/** A `<` before one of these starts markup. */
const BEGINS_MARKUP = /[A-Za-z/!?]/;

/**
 * The text that stays. A run of `<` at its end is held back, since removing what follows must not
 * turn it into the start of a tag.
 */
interface Kept {
  pieces: string[];
  waiting: number;
}

/** `<scr<script>` is an unknown element, but removing only the inner tag would leave a script. */
const innermost = (name: string): string => name.slice(name.lastIndexOf('<') + 1);

const isActive = ({ name, attributes }: Tag): boolean =>
  isActiveElement(innermost(name)) || attributes.some((a) => isActiveAttribute(name, a.name, a.hasValue));

/** Tracks for each end tag whether its start tag was removed. */
function openElements() {
  const removed = new Map<string, boolean[]>();
  return {
    started(name: string, gone: boolean): void {
      if (isVoid(name)) return;
      const open = removed.get(name);
      if (open === undefined) removed.set(name, [gone]);
      else open.push(gone);
    },
    ended: (name: string): boolean => removed.get(name)?.pop() ?? false,
  };
}

function keep(kept: Kept, piece: string): void {
  if (piece === '') return;
  if (kept.waiting > 0) kept.pieces.push('<'.repeat(kept.waiting));
  kept.waiting = 0;
  kept.pieces.push(piece);
}

function clean(text: string): string {
  const kept: Kept = { pieces: [], waiting: 0 };
  const elements = openElements();
  let from = 0;
  let commentsEnd = true;

  function remove(end: number): void {
    from = end;
    if (BEGINS_MARKUP.test(text[end] ?? '')) kept.waiting = 0;
  }
  function pass(end: number): void {
    keep(kept, text.slice(from, end));
    from = end;
  }

  /** An unclosed comment would swallow the rest of a page: only its opening is removed. */
  function comment(): void {
    const end = commentsEnd ? commentEnd(text, from) : -1;
    commentsEnd = end > 0;
    end > 0 ? pass(end) : remove(from + 4);
  }

  function tag(): void {
    const found = readTag(text, from);
    const { name, closing, openAt } = found;
    const gone = openAt !== undefined || (closing ? elements.ended(name) || isActiveElement(name) : isActive(found));
    if (!closing) elements.started(name, gone);
    // An unclosed value would swallow the rest of a page. The tag is taken to end at the next `>`
    // after the value starts; searching from the tag's start would be quadratic.
    const end = openAt === undefined ? found.end : text.indexOf('>', openAt) + 1;
    const reach = end > 0 ? end : text.length;
    gone ? remove(reach) : pass(reach);
  }

  for (let at = text.indexOf('<'); at >= 0; at = text.indexOf('<', from)) {
    pass(at);
    const kind = kindAt(text, at);
    if (kind === 'tag') tag();
    else if (kind === 'comment') comment();
    else if (kind === 'bogus') pass(text.indexOf('>', at) + 1 || text.length);
    else {
      kept.waiting++;
      from = at + 1;
    }
  }
  pass(text.length);
  kept.pieces.push('<'.repeat(kept.waiting));
  return kept.pieces.join('');
}

/** @returns the text without control characters and active markup. */
export function cleanText(text: string): string {
  const source = text.replace(CONTROL, '');
  return source.includes('<') ? clean(source) : source;
}
