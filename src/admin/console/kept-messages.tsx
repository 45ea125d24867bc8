/** What the sign-in log keeps: for how long, whether whole messages too, and the one way to see such a message. */
import type { FC } from "hono/jsx";
import { decodePostMessage } from "../../saml/index.ts";
import { SIGN_IN_RETENTION_DAYS, type SignInDetail, takeSealedMessage } from "../../store/index.ts";
import { auditRecord } from "../actor.ts";
import { changeCompany, companyPatch } from "../companies.ts";
import { fieldErrors } from "../fields.ts";
import { UNCONDITIONAL } from "../versions.ts";
import type { ConsoleContext, Visit } from "./console.ts";
import { leadTo } from "./done.ts";
import { interrupted } from "./gate.ts";
import { CheckField, type Errors, errorsOf, Form, TextField, withErrors } from "./parts.tsx";
import { SIGN_INS_PATH } from "./paths.ts";

export const KeptForm: FC<{ visit: Visit; errors: Errors }> = ({ visit, errors }) => {
  const { signInRetentionDays, keepMessages } = visit.tenant.company;
  return (
    <details class="card" open={Object.keys(errors).length > 0}>
      <summary>
        <strong>What the log keeps</strong>{" "}
        <span class="soft">
          {signInRetentionDays} days{keepMessages ? ", with whole messages" : ""}
        </span>
      </summary>
      <Form visit={visit} action={`${SIGN_INS_PATH}/kept`}>
        <TextField
          name="signInRetentionDays"
          label="Days"
          hint={`1 to ${SIGN_IN_RETENTION_DAYS}.`}
          value={String(signInRetentionDays)}
          errors={errors}
        />
        <CheckField
          name="keepMessages"
          label="Keep all messages, and whole"
          hint="Otherwise only refused ones, values struck out. Whole ones hold names and groups of your people: kept encrypted, each look in the audit log."
          checked={keepMessages}
          errors={errors}
        />
        <p class="actions">
          <button class="button quiet" type="submit">
            Save
          </button>
        </p>
      </Form>
    </details>
  );
};

/** Answers the errors of what was posted, for the page to show. */
export async function saveKept(c: ConsoleContext): Promise<Response | Errors> {
  const visit = c.get("visit");
  const posted = c.get("posted");
  const stop = interrupted(visit, { dangerous: true, back: SIGN_INS_PATH });
  if (stop !== null) return stop;
  const days = posted.text("signInRetentionDays").trim();
  const input = companyPatch.safeParse({
    signInRetentionDays: /^\d{1,3}$/.test(days) ? Number(days) : 0,
    keepMessages: posted.has("keepMessages"),
  });
  if (!input.success) return withErrors(fieldErrors(input.error));
  const saved = await changeCompany(visit.services, visit.actor, visit.tenant.company.slug, input.data, UNCONDITIONAL);
  return saved.ok ? leadTo(SIGN_INS_PATH, "log-saved") : errorsOf(saved.problem);
}

export const Message: FC<{ visit: Visit; record: SignInDetail; whole: string | null }> = ({ visit, record, whole }) =>
  record.message === null ? null : (
    <section class="card" aria-labelledby="h-message">
      <h2 id="h-message">{whole === null ? "The message, values struck out" : "The whole message"}</h2>
      <pre tabindex={0}>{whole ?? record.message}</pre>
      {whole === null && record.wholeIsKept && (
        <Form visit={visit} action={`${SIGN_INS_PATH}/${record.id}/message`}>
          <p class="actions">
            <button class="button quiet" type="submit">
              Show the whole message
            </button>
            <span class="hint">That you looked goes into the audit log.</span>
          </p>
        </Form>
      )}
    </section>
  );

/** The record that somebody looks is written with the reading. Null where nothing is kept, or this gateway's secret opens it no more. */
export async function openMessage(visit: Visit, id: string): Promise<string | null> {
  const { services, tenant, actor } = visit;
  const record = auditRecord(services, actor, tenant.company.id, {
    action: "update",
    resource: "sign-in",
    resourceId: id,
    before: null,
    after: { looked: "whole message" },
  });
  const sealed = await takeSealedMessage(services.database, tenant.company.id, id, record);
  const text = sealed && (await services.sealer.open("sign-in-message", tenant.company.id, sealed));
  if (!text) return null;
  const bytes = decodePostMessage(text);
  return bytes.ok ? new TextDecoder().decode(bytes.value) : text;
}
