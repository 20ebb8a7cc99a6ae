// Where a person writes: text, emojis, files; or the new text of a message.
import type { MessageView, Room } from '@chatapi/client/state';
import { useStore } from '@chatapi/page/value';
import type { JSX } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Icon, IconButton } from './icons.tsx';
import { sizeOf, useLanguage, useTexts } from './language.tsx';
import { usePane } from './pane-state.tsx';

const EMOJIS = [...'😀😂🥰😎🤔😅😭🙏👍👏🙌🔥🎉🚀💡✅🐛☕'];

interface ComposerProps {
  room: Room;
  label: string;
  editing: MessageView | undefined;
  /** Ends the edit. */
  done(): void;
  editLast(): void;
}

function Files({ files, remove }: { files: readonly File[]; remove(file: File): void }): JSX.Element {
  const texts = useTexts();
  const language = useLanguage();
  return (
    <ul class="chosen">
      {files.map((file) => (
        <li key={file.name} class="file">
          <Icon name="file" />
          <span class="file-name">{file.name}</span>
          <span class="quiet">{sizeOf(language, file.size)}</span>
          <IconButton icon="close" label={texts.remove(file.name)} onClick={() => remove(file)} />
        </li>
      ))}
    </ul>
  );
}

function Emojis({ insert }: { insert(emoji: string): void }): JSX.Element {
  const texts = useTexts();
  return (
    <fieldset class="emojis" aria-label={texts.emoji}>
      {EMOJIS.map((emoji) => (
        <button key={emoji} type="button" class="icon-button" aria-label={emoji} onClick={() => insert(emoji)}>
          {emoji}
        </button>
      ))}
    </fieldset>
  );
}

const droppedFiles = (from: DataTransfer | null): File[] => [...(from?.files ?? [])];

export function Composer({ room, label, editing, done, editLast }: ComposerProps): JSX.Element {
  const texts = useTexts();
  const { me, refuse } = usePane();
  const { isCut } = useStore(me.wire.view);
  const [text, setText] = useState('');
  const [files, setFiles] = useState<readonly File[]>([]);
  const [isChoosing, choose] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const canSend = text.trim() !== '' || files.length > 0;

  // Before the browser paints: what is typed next belongs to the edit.
  useLayoutEffect(() => {
    if (editing === undefined) return;
    setText(editing.content);
    field.current?.focus();
  }, [editing]);

  const end = (): void => {
    setText('');
    done();
    field.current?.focus();
  };
  const submit = (): void => {
    if (!canSend) return;
    if (editing !== undefined) {
      if (text !== editing.content) void room.edit(editing.id, text).catch(refuse);
      end();
      return;
    }
    room.send({ content: text, files: files.map((data) => ({ data, name: data.name })) });
    setText('');
    setFiles([]);
    choose(false);
    field.current?.focus();
  };
  const add = (from: DataTransfer | null, event: Event): void => {
    const more = droppedFiles(from);
    if (more.length === 0 || editing !== undefined) return;
    event.preventDefault();
    setFiles([...files, ...more]);
  };
  const insert = (emoji: string): void => {
    const { selectionStart: at = text.length, selectionEnd: to = at } = field.current ?? {};
    setText(text.slice(0, at) + emoji + text.slice(to));
    field.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      submit();
    } else if (event.key === 'Escape' && editing !== undefined) end();
    else if (event.key === 'Escape' && isChoosing) choose(false);
    else if (event.key === 'ArrowUp' && text === '' && editing === undefined) {
      event.preventDefault();
      editLast();
    }
  };
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => add(event.dataTransfer, event)}
    >
      {editing !== undefined && (
        <p class="editing">
          <Icon name="edit" /> {texts.editing}
          <button type="button" class="link" onClick={end}>
            {texts.cancel}
          </button>
        </p>
      )}
      {files.length > 0 && <Files files={files} remove={(file) => setFiles(files.filter((other) => other !== file))} />}
      {isChoosing && <Emojis insert={insert} />}
      <div class="field">
        {editing === undefined && (
          <>
            <input
              ref={picker}
              type="file"
              multiple
              hidden
              onChange={({ currentTarget }) => {
                setFiles([...files, ...(currentTarget.files ?? [])]);
                currentTarget.value = '';
                field.current?.focus();
              }}
            />
            <IconButton icon="attach" label={texts.attach} disabled={isCut} onClick={() => picker.current?.click()} />
          </>
        )}
        <textarea
          ref={field}
          rows={1}
          maxLength={4000}
          aria-label={label}
          placeholder={label}
          value={text}
          onInput={({ currentTarget }) => {
            setText(currentTarget.value);
            if (editing === undefined && currentTarget.value !== '') room.type();
          }}
          onKeyDown={onKeyDown}
          onPaste={(event) => add(event.clipboardData, event)}
        />
        <IconButton icon="smile" label={texts.emoji} isExpanded={isChoosing} onClick={() => choose(!isChoosing)} />
        <IconButton
          class="primary"
          type="submit"
          icon={editing === undefined ? 'send' : 'tick'}
          label={editing === undefined ? texts.send : texts.save}
          disabled={!canSend}
        />
      </div>
    </form>
  );
}
