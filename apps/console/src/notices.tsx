// What became of acts.
import { useStore } from '@chatapi/page/value';
import type { JSX } from 'preact';
import { Icon } from './icons.tsx';
import { useTexts } from './language.tsx';
import { Badge, type Tone } from './parts.tsx';
import { Problem } from './problem.tsx';
import { dismiss, type Notice, notices } from './run-act.ts';

const TONES: Record<Notice['outcome'], Tone> = {
  running: 'plain',
  done: 'good',
  refused: 'bad',
  unknown: 'warn',
  'not-done': 'bad',
};

function One({ notice }: { notice: Notice }): JSX.Element {
  const texts = useTexts();
  const { id, title, outcome, error, isStuck, undo, again } = notice;
  const next = undo ?? again;
  return (
    <li class="notice" data-outcome={outcome}>
      <div class="notice-text">
        <p>
          <strong>{title}</strong> <Badge tone={TONES[outcome]}>{texts.outcomes[outcome]}</Badge>
        </p>
        {outcome === 'refused' && error && (
          <p>
            <Problem error={error} />
          </p>
        )}
        {outcome === 'unknown' && <p class="quiet">{isStuck ? texts.stuck : texts.settling}</p>}
      </div>
      {next && (
        <button
          type="button"
          class="button"
          onClick={() => {
            dismiss(id);
            next();
          }}
        >
          {undo ? texts.undo : texts.tryAgain}
        </button>
      )}
      {outcome !== 'running' && (
        <button type="button" class="icon-button" aria-label={texts.close} onClick={() => dismiss(id)}>
          <Icon name="close" />
        </button>
      )}
    </li>
  );
}

export function Notices(): JSX.Element {
  const texts = useTexts();
  const all = useStore(notices);
  return (
    <section class="notices" aria-label={texts.notices} aria-live="polite">
      <ul>
        {all.map((notice) => (
          <One key={notice.id} notice={notice} />
        ))}
      </ul>
    </section>
  );
}
