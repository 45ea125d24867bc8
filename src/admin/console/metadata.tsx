/** `/metadata`: the settings from the identity provider's own metadata, by URL, file or text, and the address that is followed. */

import type { Services } from "../../context.ts";
import type { Company } from "../../store/index.ts";
import type { Actor } from "../actor.ts";
import { fieldErrors } from "../fields.ts";
import { lookAtMetadata } from "../follow-metadata.ts";
import type { Posted } from "../frame/index.ts";
import { fetchMetadata, metadataFromUrl, readMetadata } from "../idp-metadata.ts";
import {
  acceptCertificate,
  deleteSource,
  dismissCertificate,
  readPossible,
  sourcePut,
  writeSource,
} from "../metadata-source.ts";
import { type Answer, answer, invalid } from "../problems.ts";
import { writeDraft } from "../saml-draft.ts";
import { writeSaml } from "../saml-settings.ts";
import { type Precondition, preconditionFailed, UNCONDITIONAL } from "../versions.ts";
import type { ConsoleContext, Visit } from "./console.ts";
import { type DoneCode, leadTo } from "./done.ts";
import { type FollowFields, Following } from "./following.tsx";
import { pauseOf } from "./gate.ts";
import { consolePage } from "./layout.tsx";
import {
  AreaField,
  type Errors,
  errorsOf,
  FaultNote,
  FileField,
  Form,
  PauseNote,
  StaleNote,
  TextField,
  withErrors,
} from "./parts.tsx";
import { DRAFT_PATH, METADATA_PATH, SETTINGS_PATH } from "./paths.ts";
import { asSeen, storedSettings, versionOf } from "./settings.ts";

interface View {
  readonly status?: number;
  readonly version: number;
  readonly url?: string;
  readonly text?: string;
  readonly errors?: Errors;
  readonly pause?: "earlier" | "sign_in_again" | null;
  readonly follow?: FollowFields;
}

async function metadataPage(visit: Visit, view: View): Promise<Response> {
  const { errors = {}, url = "", text = "", pause = null } = view;
  const found = await readPossible(visit.services, visit.tenant.company);
  const following = found.ok && (
    <Following visit={visit} found={found.value} fields={view.follow ?? null} errors={errors} />
  );
  // What may wait for a decision goes before what is done once.
  const follows = found.ok && found.value.source !== null;
  return consolePage(visit, {
    status: view.status ?? 200,
    title: "Import metadata",
    section: "metadata",
    lead: "Your provider’s metadata holds its addresses, its Entity ID and its certificates. They make a draft of the settings, in which everything that is your own choice stays. The first settings count at once.",
    children: (
      <>
        {pause === null && Object.keys(errors).length === 0 && <StaleNote visit={visit} />}
        <PauseNote visit={visit} pause={pause} back={METADATA_PATH} />
        <FaultNote errors={errors} labels={{ url: "URL", file: "File", text: "Text", address: "Address" }} />
        {follows && following}
        <Form visit={visit} action={METADATA_PATH} upload class="card">
          <input type="hidden" name="version" value={String(view.version)} />
          <h2>Import once</h2>
          <p class="soft">In one of three ways.</p>
          <TextField
            name="url"
            label="URL"
            hint="Entra: SAML Certificates › App Federation Metadata Url. Fetched once, now."
            value={url}
            errors={errors}
            type="url"
            mono
            placeholder="https://login.microsoftonline.com/…/federationmetadata.xml?appid=…"
          />
          <FileField name="file" label="File" errors={errors} accept=".xml,application/xml,text/xml" />
          <AreaField name="text" label="Text" value={text} errors={errors} rows={6} placeholder="<EntityDescriptor …" />
          <p class="actions">
            <button class="button" type="submit">
              Import
            </button>
          </p>
        </Form>
        {!follows && following}
      </>
    ),
  });
}

export async function showMetadata(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  return metadataPage(visit, { version: versionOf(await storedSettings(visit)) });
}

type Given = "url" | "file" | "text";

export async function takeMetadata(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const posted = c.get("posted");
  const typed = {
    version: Number(posted.text("version")) || 0,
    url: posted.text("url").trim(),
    text: posted.text("text").trim(),
  };
  const pause = pauseOf(visit, { dangerous: true });
  if (pause !== null) return metadataPage(visit, { ...typed, status: 403, pause });

  const given: Given[] = [
    ...(typed.url === "" ? [] : (["url"] as const)),
    ...(posted.files("file").length === 0 ? [] : (["file"] as const)),
    ...(typed.text === "" ? [] : (["text"] as const)),
  ];
  const [way] = given;
  if (way === undefined || given.length > 1) {
    const message = way === undefined ? "Give a URL, a file or the text" : "Give only one of URL, file and text";
    return metadataPage(visit, { ...typed, status: 422, errors: { [way ?? "url"]: message } });
  }
  const source = await documentOf(visit, way, typed, posted);
  if (!source.ok) return metadataPage(visit, { ...typed, status: 422, errors: onTheForm(source, way) });
  const read = readMetadata(visit.services, { bytes: source.value, path: "" });
  if (!read.ok) return metadataPage(visit, { ...typed, status: read.problem.status, errors: onTheForm(read, way) });
  const stored = await storedSettings(visit);
  const seen = versionOf(stored) === typed.version;
  const { services, actor, tenant } = visit;
  const made = !seen
    ? preconditionFailed()
    : typed.version === 0
      ? await writeSaml(services, actor, tenant.company, (current) => current === null, read.value)
      : await writeDraft(services, actor, tenant.company, asSeen(stored), read.value);
  if (made.ok) {
    return typed.version === 0 ? leadTo(SETTINGS_PATH, "metadata-read") : leadTo(DRAFT_PATH, "metadata-drafted");
  }
  if (made.problem.status === 412) {
    const errors = {
      "": "Somebody else saved the settings meanwhile. Look at them, then import once more if it is still right.",
    };
    return metadataPage(visit, { ...typed, version: versionOf(await storedSettings(visit)), status: 409, errors });
  }
  return metadataPage(visit, { ...typed, status: made.problem.status, errors: onTheForm(made, way) });
}

type Take = (services: Services, actor: Actor, company: Company, sha256: string) => Promise<Answer<unknown>>;

/** What the buttons do, by the last part of their address. */
const STEPS: Readonly<Record<string, readonly [DoneCode, Take]>> = {
  stop: ["metadata-stopped", (services, actor, company) => deleteSource(services, actor, company, UNCONDITIONAL)],
  read: ["metadata-looked", lookAtMetadata],
  trust: ["certificate-trusted", acceptCertificate],
  dismiss: ["certificate-dismissed", dismissCertificate],
};

function followAddress({ address, trust }: FollowFields, version: string): Take {
  return async (services, actor, company) => {
    const input = sourcePut.safeParse({ url: address, trust });
    if (!input.success) return invalid(fieldErrors(input.error));
    const seen: Precondition = (current) => String(current?.version ?? 0) === version;
    const written = await writeSource(services, actor, company, input.data, seen);
    return written.ok ? lookAtMetadata(services, actor, company) : written;
  };
}

/** The form and the buttons of what is followed. */
export async function changeFollowing(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const posted = c.get("posted");
  const fields = { address: posted.text("address").trim(), trust: posted.text("trust") };
  const step = STEPS[c.req.param("step") ?? ""];
  const [done, take] = step ?? (["metadata-followed", followAddress(fields, posted.text("version"))] as const);
  const view = { version: versionOf(await storedSettings(visit)), ...(step ? {} : { follow: fields }) };
  const pause = pauseOf(visit, { dangerous: true });
  if (pause !== null) return metadataPage(visit, { ...view, status: 403, pause });
  const taken = await take(visit.services, visit.actor, visit.tenant.company, posted.text("sha256"));
  if (taken.ok) return leadTo(METADATA_PATH, done);
  const { url: address, sha256, ...errors } = errorsOf(taken.problem);
  return metadataPage(visit, {
    ...view,
    status: taken.problem.status,
    errors: { ...errors, ...(address ? { address } : {}), ...(sha256 ? { "": sha256 } : {}) },
  });
}

/** Whatever is wrong with the document is said beside the field that brought it. */
function onTheForm(failed: Extract<Answer<unknown>, { ok: false }>, way: Given): Errors {
  const { errors = [], title } = failed.problem;
  const messages = errors.map(({ path, message }) => (path === "" || path === "url" ? message : `${path}: ${message}`));
  return withErrors([{ path: way, message: messages.join(" ") || title }]);
}

async function documentOf(
  visit: Visit,
  way: Given,
  typed: { url: string; text: string },
  posted: Posted,
): Promise<Answer<Uint8Array>> {
  if (way === "text") return answer(new TextEncoder().encode(typed.text));
  if (way === "file") return answer(new Uint8Array(await posted.files("file")[0]!.arrayBuffer()));
  const named = metadataFromUrl.safeParse({ url: typed.url });
  if (!named.success) return invalid([{ path: "url", message: named.error.issues[0]?.message ?? "Must be a URL" }]);
  return fetchMetadata(visit.services, named.data.url);
}
