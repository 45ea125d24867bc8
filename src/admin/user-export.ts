/** A company's users as a file that `user-import.ts` reads again: streamed, so that its size is no matter. */
import type { Services } from "../context.ts";
import { type Company, GROUPS_PER_COMPANY_MAX, listGroups, listUsers } from "../store/index.ts";
import { csvLine } from "./csv.ts";
import { COLUMNS } from "./user-import.ts";

const USERS_PER_PAGE = 1000;

export async function exportUsers(services: Services, company: Company): Promise<Response> {
  const groups = await listGroups(services.database, company.id, { after: null, limit: GROUPS_PER_COMPANY_MAX });
  // A title that two groups have would lead back to neither.
  const nameOf = new Map(
    groups.map(({ id, title }) => [id, groups.some((other) => other.id !== id && other.title === title) ? id : title]),
  );
  const encoder = new TextEncoder();
  let after: string | null = null;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      // Spreadsheets take a file without this mark for one of an older alphabet.
      controller.enqueue(encoder.encode(`\uFEFF${csvLine(COLUMNS)}`));
    },
    async pull(controller) {
      const users = await listUsers(services.database, company.id, { after, limit: USERS_PER_PAGE });
      const lines = users.map((user) =>
        csvLine([
          user.email,
          user.firstName,
          user.lastName,
          user.company,
          nameOf.get(user.groupId) ?? user.groupId,
          user.status,
        ]),
      );
      if (lines.length > 0) controller.enqueue(encoder.encode(lines.join("")));
      after = users.at(-1)?.id ?? after;
      if (users.length < USERS_PER_PAGE) controller.close();
    },
  });
  return new Response(body, {
    headers: {
      "content-type": "text/csv; charset=utf-8",
      "content-disposition": `attachment; filename="${company.slug}-users.csv"`,
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    },
  });
}
