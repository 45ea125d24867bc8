/** One-time links that were not used yet, as both consoles list them: for whom, until when, and a button that revokes them. */
import type { FC } from "hono/jsx";
import { Time } from "../../pages/index.ts";
import type { Invitation } from "../../store/index.ts";
import { Form, type FormMaker } from "./parts.tsx";
import { Breakable, Table } from "./table.tsx";

/** `path`/`<id>`/revoke takes the button. */
export const LinkTable: FC<{
  visit: FormMaker;
  path: string;
  caption: string;
  links: readonly { readonly link: Invitation; readonly who: string; readonly href?: string }[];
  now: number;
}> = ({ visit, path, caption, links, now }) =>
  links.length === 0 ? (
    <p class="soft">There is none that could still be used.</p>
  ) : (
    <Table caption={caption} heads={["For", "Created", "Works until"]} act="Revoke it">
      {links.map(({ link, who, href }) => (
        <tr>
          <th scope="row">
            {href === undefined ? (
              <Breakable text={who} />
            ) : (
              <a href={href}>
                <Breakable text={who} />
              </a>
            )}
          </th>
          <td data-label="Created">
            <Time at={link.createdAt} />
          </td>
          <td data-label="Works until">
            {link.expiresAt <= now ? <span class="badge bad">Expired</span> : <Time at={link.expiresAt} />}
          </td>
          <td class="end">
            <Form visit={visit} action={`${path}/${link.id}/revoke`}>
              <button class="button danger small" type="submit">
                Revoke <span class="hidden">the link for {who}</span>
              </button>
            </Form>
          </td>
        </tr>
      ))}
    </Table>
  );
