// What happens below: the node, the state of the connection, the position in the log.

import { useStore } from '@chatapi/page/value';
import type { JSX } from 'preact';
import { useTexts } from './language.tsx';
import { usePane } from './pane-state.tsx';

/** The last seq of the room that this person and the other one have. */
function usePositions(chatId: string): { mine: number; behind: number } {
  const { me, other } = usePane();
  const mine = useStore(me.live.info(chatId))?.last_seq ?? 0;
  const theirs = useStore(other.live.info(chatId))?.last_seq ?? 0;
  return { mine, behind: Math.max(0, theirs - mine) };
}

export function Inspector({ chatId }: { chatId: string }): JSX.Element {
  const texts = useTexts();
  const { me } = usePane();
  const { state } = useStore(me.live.connection());
  const { node, isCut, resumed } = useStore(me.wire.view);
  const { messages } = useStore(me.live.room(chatId));
  const { mine, behind } = usePositions(chatId);
  const pending = messages.filter(({ local }) => local !== undefined && local.state !== 'sent').length;
  return (
    <dl class="inspector" aria-label={`${texts.inspector}: ${me.name}`}>
      <div>
        <dt>{texts.state}</dt>
        <dd class={`state ${isCut ? 'cut' : state}`} data-state={isCut ? 'cut' : state}>
          {isCut ? texts.isCut : texts.states[state]}
        </dd>
      </div>
      <div>
        <dt>{texts.node}</dt>
        <dd data-node>{node ?? '–'}</dd>
      </div>
      <div>
        <dt>{texts.position}</dt>
        <dd>
          <span data-position>{mine}</span> {behind > 0 && <span class="behind">{texts.behind(behind)}</span>}
        </dd>
      </div>
      <div>
        <dt>{texts.pending}</dt>
        <dd data-pending class={pending > 0 ? 'behind' : ''}>
          {pending}
        </dd>
      </div>
      <div>
        <dt>{texts.resume}</dt>
        <dd data-resumed>{resumed ? texts.resumed(resumed.events, resumed.ms) : texts.none}</dd>
      </div>
    </dl>
  );
}
