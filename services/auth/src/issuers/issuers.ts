// Issuers whose tokens may be exchanged. Admins name them; the admin service audits it.
import { AppError, type IdPaging, invalidField, notFound, type PageInfo, page } from '@chatapi/kit';
import type { Context } from '../context.ts';
import { isSealedWithCurrent, seal, unseal } from '../sealing.ts';
import {
  type ClaimNames,
  deleteIssuer,
  type IssuerRow,
  insertIssuer,
  listIssuers,
  replaceSealedSecret,
  sealedSecrets,
} from './issuer-store.ts';
import { jwkOf, type PublicJwk, readPublicKey } from './trusted-keys.ts';

const MAX_ISSUERS = 50;

export interface NewIssuer {
  id: string;
  issuer: string;
  audience: string;
  jwks_url?: string;
  public_keys?: (string | Record<string, unknown>)[];
  secret?: string;
  user_claim: string;
  create_users: boolean;
  claims: ClaimNames;
}

/** Without the secret, which is never shown again. */
export interface IssuerView {
  id: string;
  issuer: string;
  audience: string;
  jwks_url: string | null;
  public_keys: PublicJwk[] | null;
  has_secret: boolean;
  user_claim: string;
  create_users: boolean;
  claims: ClaimNames;
  created_at: string;
  jwks_fetched_at: string | null;
}

const viewOf = ({ sealed_secret, created_at, jwks_fetched_at, ...shown }: IssuerRow): IssuerView => ({
  ...shown,
  has_secret: sealed_secret !== null,
  created_at: created_at.toISOString(),
  jwks_fetched_at: jwks_fetched_at?.toISOString() ?? null,
});

function readKeys(sources: (string | Record<string, unknown>)[]): PublicJwk[] {
  return sources.map((source, i) => {
    try {
      return jwkOf(readPublicKey(source));
    } catch (error) {
      const path = `public_keys.${i}`;
      throw invalidField(path, `${path} ${(error as Error).message}`);
    }
  });
}

export async function createIssuer(ctx: Context, input: NewIssuer): Promise<IssuerView> {
  const { secret, public_keys, jwks_url, ...rest } = input;
  if (jwks_url !== undefined) await ctx.egress.check(jwks_url, 'jwks_url');
  const row = {
    ...rest,
    jwks_url: jwks_url ?? null,
    public_keys: public_keys === undefined ? null : readKeys(public_keys),
    sealed_secret: secret === undefined ? null : seal(ctx.config, input.id, secret),
  };
  const created = await ctx.db.transaction((trx) => insertIssuer(trx, row, MAX_ISSUERS));
  if (created === undefined)
    throw new AppError('CONFLICT', `There are ${MAX_ISSUERS} issuers already`, { details: { reason: 'limit' } });
  return viewOf(created);
}

export async function showIssuers(
  { db }: Pick<Context, 'db'>,
  paging: IdPaging,
): Promise<{ issuers: IssuerView[] } & PageInfo> {
  return page('issuers', (await listIssuers(db, paging)).map(viewOf), paging.limit, ({ id }) => [id]);
}

/** Sessions that began with its tokens end when these would have. */
export async function removeIssuer(ctx: Context, id: string): Promise<void> {
  if (!(await deleteIssuer(ctx.db, id))) throw notFound('Issuer');
}

/**
 * After a change of SEALING_KEY. Repeated, since an instance that restarts meanwhile with the
 * settings from before takes it back.
 */
export async function resealSecrets({ db, config, log }: Pick<Context, 'db' | 'config' | 'log'>): Promise<void> {
  if (config.SEALING_KEY === undefined) return;
  for (const { id, sealed_secret } of await sealedSecrets(db)) {
    if (isSealedWithCurrent(config, id, sealed_secret)) continue;
    try {
      await replaceSealedSecret(db, id, sealed_secret, seal(config, id, unseal(config, id, sealed_secret)));
    } catch (error) {
      // Its tokens are answered with 503 until the key is back. Everything else works.
      log.error({ err: String((error as Error).cause), issuer_id: id }, 'a secret can’t be read: see SEALING_KEY');
    }
  }
}
