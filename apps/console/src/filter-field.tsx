// What limits or orders a list.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useTexts } from './language.tsx';

export interface Filter {
  name: string;
  label: string;
  /** `sort` is a select whose options are all that there are. */
  kind: 'search' | 'select' | 'sort' | 'date' | 'text';
  options?: readonly (readonly [value: string, label: string])[];
}

const TYPING_MS = 300;

interface FilterFieldProps {
  filter: Filter;
  value: string;
  set(value: string): void;
}

export function FilterField({ filter, value, set }: FilterFieldProps): JSX.Element {
  const { name, label, kind, options = [] } = filter;
  const { all } = useTexts();
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => set(text), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <div class={`filter ${kind}`}>
      <label class="quiet" for={`filter-${name}`}>
        {label}
      </label>
      {kind === 'select' || kind === 'sort' ? (
        <select
          id={`filter-${name}`}
          name={name}
          value={value}
          onChange={({ currentTarget }) => set(currentTarget.value)}
        >
          {kind === 'select' && <option value="">{all}</option>}
          {options.map(([one, word]) => (
            <option key={one} value={one} selected={one === value}>
              {word}
            </option>
          ))}
        </select>
      ) : (
        <input
          id={`filter-${name}`}
          type={kind as 'text'}
          name={name}
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
      )}
    </div>
  );
}
