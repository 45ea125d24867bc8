/** `/branding`: the company's name, colour and logo, as all its pages show them. */
import type { Company } from "../../store/index.ts";
import { changeCompany, companyPatch, readCompany } from "../companies.ts";
import { fieldErrors } from "../fields.ts";
import { changeLogo, LOGO_BYTES_MAX, LOGO_TYPES } from "../logo.ts";
import type { Answer } from "../problems.ts";
import type { ConsoleContext, Visit } from "./console.ts";
import { leadTo } from "./done.ts";
import { pauseOf } from "./gate.ts";
import { consolePage } from "./layout.tsx";
import {
  CheckField,
  ConflictNote,
  type Errors,
  errorsOf,
  FaultNote,
  FileField,
  Form,
  PauseNote,
  TextField,
  withErrors,
} from "./parts.tsx";
import { BRANDING_PATH } from "./paths.ts";

/** The gateway's own, to begin from. */
const OWN_COLOR = "#0b5a54";

interface Fields {
  readonly name: string;
  readonly color: string;
  readonly ownColor: boolean;
}

interface View {
  readonly status?: number;
  readonly errors?: Errors;
  readonly pause?: "earlier" | "sign_in_again" | null;
  readonly differences?: readonly (readonly [string, string, string])[];
}

const fieldsOf = ({ name, color }: Company): Fields => ({ name, color: color ?? OWN_COLOR, ownColor: color !== null });

function brandingPage(visit: Visit, company: Company, fields: Fields, view: View = {}): Response {
  const { errors = {} } = view;
  return consolePage(
    { ...visit, tenant: { ...visit.tenant, company } },
    {
      status: view.status ?? 200,
      title: "Name and look",
      section: "branding",
      lead: "What people see at the head of the sign-in pages and of this console.",
      children: (
        <>
          <PauseNote visit={visit} pause={view.pause ?? null} back={BRANDING_PATH} />
          {view.differences && <ConflictNote differences={view.differences} />}
          <FaultNote errors={errors} labels={{ name: "Name", color: "Colour", logo: "Logo" }} />
          <Form visit={visit} action={BRANDING_PATH} class="card" upload>
            <input type="hidden" name="version" value={String(company.version)} />
            <TextField name="name" label="Name" value={fields.name} errors={errors} required />
            <CheckField name="ownColor" label="Use a colour of our own" checked={fields.ownColor} errors={errors} />
            <TextField
              name="color"
              label="Colour"
              hint="Fills the buttons. Links take it too where it stays readable on the page."
              value={fields.color}
              errors={errors}
              type="color"
            />
            <FileField
              name="logo"
              label={company.logoSha256 === null ? "Logo" : "Another logo"}
              hint="PNG, JPEG or WebP, at most 64 KB; shown 28 pixels high, so 56 are enough."
              errors={errors}
              accept={LOGO_TYPES.join(",")}
            />
            {company.logoSha256 !== null && (
              <CheckField name="noLogo" label="Show no logo any more" checked={false} errors={errors} />
            )}
            <p class="actions">
              <button class="button" type="submit">
                Save
              </button>
            </p>
          </Form>
        </>
      ),
    },
  );
}

/** As it is in the database: what this isolate remembers may be half a minute old. */
async function stored({ services, tenant }: Visit): Promise<Company> {
  const found = await readCompany(services, tenant.company.slug);
  return found.ok ? found.value : tenant.company;
}

export async function showBranding(c: ConsoleContext): Promise<Response> {
  const company = await stored(c.get("visit"));
  return brandingPage(c.get("visit"), company, fieldsOf(company));
}

export async function saveBranding(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const posted = c.get("posted");
  const company = await stored(visit);
  const fields = { name: posted.text("name"), color: posted.text("color"), ownColor: posted.has("ownColor") };
  const again = (view: View) => brandingPage(visit, company, fields, view);
  const pause = pauseOf(visit, { dangerous: false });
  if (pause !== null) return again({ status: 403, pause });
  const input = companyPatch.safeParse({ name: fields.name, color: fields.ownColor ? fields.color : null });
  if (!input.success) return again({ status: 422, errors: withErrors(fieldErrors(input.error)) });
  if (Number(posted.text("version")) !== company.version) {
    const now = fieldsOf(company);
    const all = [
      ["Name", now.name, fields.name],
      ["Colour", now.ownColor ? now.color : "", fields.ownColor ? fields.color : ""],
    ] as const;
    return again({ status: 409, differences: all.filter(([, theirs, own]) => theirs !== own) });
  }
  // The picture first: it is what may be refused.
  const pictured = await savePicture(visit, company, posted.files("logo")[0], posted.has("noLogo"));
  if (!pictured.ok) return again({ status: pictured.problem.status, errors: errorsOf(pictured.problem) });
  const { services, actor } = visit;
  const same = (now: { version: number } | null) => now?.version === pictured.value.version;
  const saved = await changeCompany(services, actor, company.slug, input.data, same);
  return saved.ok
    ? leadTo(BRANDING_PATH, "branding-saved")
    : again({ status: saved.problem.status, errors: errorsOf(saved.problem) });
}

async function savePicture(
  { services, actor }: Visit,
  company: Company,
  file: File | undefined,
  away: boolean,
): Promise<Answer<Company>> {
  if (file === undefined && !away) return { ok: true, value: company };
  // One byte more than allowed is enough to see that it is too many.
  const bytes = file ? new Uint8Array(await file.slice(0, LOGO_BYTES_MAX + 1).arrayBuffer()) : null;
  return changeLogo(services, actor, company.slug, bytes, (now) => now?.version === company.version);
}
