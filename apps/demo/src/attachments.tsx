// The files of a message.
import type { Attachment } from '@chatapi/client';
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon } from './icons.tsx';
import { sizeOf, useLanguage } from './language.tsx';
import { baseUrl } from './settings.ts';

const MAX_TRIES = 4;
const RETRY_MS = 1000;

/**
 * Thumbnails are made after the upload: until then the whole picture is shown. A picture that does
 * not load is tried again: a service may restart.
 */
function Picture({ file }: { file: Attachment }): JSX.Element {
  const [tries, setTries] = useState(1);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const retry = (): void => {
    timer.current = setTimeout(() => setTries(tries + 1), RETRY_MS * tries);
  };
  if (tries > MAX_TRIES) return <FileLink file={file} />;
  return (
    <a class="picture" href={baseUrl + file.url} target="_blank" rel="noopener">
      <img
        key={tries}
        src={baseUrl + (file.thumbnail_url ?? file.url)}
        alt={file.description ?? file.filename}
        loading="lazy"
        onError={retry}
      />
    </a>
  );
}

function FileLink({ file }: { file: Attachment }): JSX.Element {
  const language = useLanguage();
  return (
    <a class="file" href={baseUrl + file.url} download={file.filename}>
      <Icon name="file" />
      <span class="file-name">{file.filename}</span>
      <span class="quiet">{sizeOf(language, file.size)}</span>
    </a>
  );
}

export const Attachments = ({ files }: { files: readonly Attachment[] }): JSX.Element | null =>
  files.length === 0 ? null : (
    <div class="files">
      {files.map((file) =>
        file.content_type.startsWith('image/') ? (
          <Picture key={file.id} file={file} />
        ) : (
          <FileLink key={file.id} file={file} />
        ),
      )}
    </div>
  );
