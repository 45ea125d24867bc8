/** The operator console's frame. */

import { Form, framePage, LinkList, type PageParts } from "../frame/index.ts";
import {
  AUDIT_PATH,
  COMPANIES_PATH,
  CONSOLE_NAME,
  NEW_COMPANY_PATH,
  type OperatorVisit,
  SIGN_OUT_PATH,
} from "./operator.ts";

export type Section = "companies" | "new" | "audit";

const ITEMS: readonly [Section, string, string][] = [
  ["companies", "Companies", COMPANIES_PATH],
  ["new", "Create a company", NEW_COMPANY_PATH],
  ["audit", "Audit log", AUDIT_PATH],
];

export function operatorPage(visit: OperatorVisit, { section, ...page }: PageParts & { section: Section }): Response {
  return framePage({
    ...page,
    brand: { name: CONSOLE_NAME },
    home: COMPANIES_PATH,
    done: visit.done,
    navigation: (label) => (
      <nav class="navi" aria-label={label}>
        <LinkList items={ITEMS} current={section} />
        <div class="me">
          <p>Signed in as the operator</p>
          <Form visit={visit} action={SIGN_OUT_PATH}>
            <button class="button quiet small" type="submit">
              Sign out
            </button>
          </Form>
        </div>
      </nav>
    ),
  });
}
