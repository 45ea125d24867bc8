/** API tokens as both consoles make and list them. */
import type { FC } from "hono/jsx";
import { Time } from "../../pages/index.ts";
import type { Token } from "../../store/index.ts";
import { newToken } from "../tokens.ts";
import { type Errors, Form, type FormMaker, Sure, TextField } from "./parts.tsx";
import type { Posted } from "./posted.ts";
import { Table } from "./table.tsx";

export interface TokenText {
  readonly name: string;
  readonly expires: string;
}

export const TOKEN_LABELS = { name: "Name", expiresAt: "Last day" };

export function tokenPosted(posted: Posted): TokenText {
  return { name: posted.text("name"), expires: posted.text("expiresAt").trim() };
}

/** What REST would be given for it. */
export function parseToken({ name, expires }: TokenText) {
  return newToken.safeParse({ name, expiresAt: expires === "" ? null : `${expires}T23:59:59Z` });
}

/** The form that makes one, and those there are. `path` is where both post to. */
export const TokenCards: FC<{
  visit: FormMaker;
  path: string;
  typed: TokenText | undefined;
  errors: Errors;
  tokens: readonly Token[];
  now: number;
}> = ({ visit, path, typed, errors, tokens, now }) => (
  <>
    <Form visit={visit} action={path} class="card">
      <h2>Create a token</h2>
      <div class="grid">
        <TextField
          name="name"
          label="Name"
          hint="What will use it."
          value={typed?.name ?? ""}
          errors={errors}
          required
        />
        <TextField
          name="expiresAt"
          label="Last day (optional)"
          hint="Until the end of this day, UTC."
          value={typed?.expires ?? ""}
          errors={errors}
          type="date"
        />
      </div>
      <p class="actions">
        <button class="button" type="submit">
          Create
        </button>
      </p>
    </Form>
    <div class="card">
      <h2>Tokens</h2>
      {tokens.length === 0 ? (
        <p class="soft">There is no token yet.</p>
      ) : (
        <TokenTable visit={visit} path={path} tokens={tokens} now={now} />
      )}
    </div>
  </>
);

const TokenTable: FC<{ visit: FormMaker; path: string; tokens: readonly Token[]; now: number }> = (p) => (
  <Table caption="API tokens" heads={["Name", "Created", "Expires"]} act="Delete it">
    {p.tokens.map((token) => (
      <tr>
        <th scope="row">
          <bdi>{token.name}</bdi>
        </th>
        <td data-label="Created">
          <Time at={token.createdAt} />
        </td>
        <td data-label="Expires">
          {token.expiresAt === null ? (
            "Never"
          ) : token.expiresAt <= p.now ? (
            <span class="badge bad">Expired</span>
          ) : (
            <Time at={token.expiresAt} />
          )}
        </td>
        <td class="end">
          <Sure visit={p.visit} action={`${p.path}/${token.id}/delete`} label="Delete" of={token.name} />
        </td>
      </tr>
    ))}
  </Table>
);
