// Makes a room of both people and opens it.
import type { JSX } from 'preact';
import { useTexts } from './language.tsx';
import { usePane } from './pane-state.tsx';

export function NewRoom(): JSX.Element {
  const texts = useTexts();
  const { me, other, open, refuse } = usePane();
  const create = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const name = new FormData(form).get('name') as string;
    form.reset();
    const made = me.client.chats.create({ name, visibility: 'private', member_ids: [other.id] });
    made.then(({ chat_id }) => open(chat_id), refuse);
  };
  return (
    <form onSubmit={create}>
      <input name="name" required maxLength={100} aria-label={texts.newRoom} placeholder={texts.newRoom} />
    </form>
  );
}
