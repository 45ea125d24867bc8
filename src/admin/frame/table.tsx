/** A table of either console: its caption is for those who hear it, its head scrolls out where the rows become a list. */
import type { Child, FC } from "hono/jsx";

/** `act` says what the buttons of the last column do; `shown`: the caption says more than the page's own headings. */
export const Table: FC<{
  caption: string;
  heads: readonly string[];
  act?: string;
  shown?: boolean;
  children?: Child;
}> = (p) => (
  <table class="stack">
    <caption class={p.shown ? undefined : "hidden"}>{p.caption}</caption>
    <thead>
      <tr>
        {p.heads.map((head) => (
          <th scope="col">{head}</th>
        ))}
        {p.act !== undefined && (
          <th scope="col" class="end">
            <span class="hidden">{p.act}</span>
          </th>
        )}
      </tr>
    </thead>
    <tbody>{p.children}</tbody>
  </table>
);

/** An address in a narrow column breaks before its @ and its dots, and only within a word that is too long by itself. */
export const Breakable: FC<{ text: string }> = ({ text }) => (
  <bdi>
    {text.split(/(?=[@.]\S)/).map((part, index) => (
      <>
        {index > 0 && <wbr />}
        {part}
      </>
    ))}
  </bdi>
);
