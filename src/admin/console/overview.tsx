/** `/sso/admin`: how the company's single sign-on stands, what to do next, and the last attempts. */
import { findMetadataSource, listSignIns } from "../../store/index.ts";
import { announcedOf } from "../metadata-source.ts";
import { certificateHealth } from "./certificate-health.ts";
import type { ConsoleContext } from "./console.ts";
import { consolePage } from "./layout.tsx";
import { Time } from "./parts.tsx";
import { METADATA_PATH, SETTINGS_PATH, SIGN_INS_PATH } from "./paths.ts";
import { StepBadge, stepsOf } from "./progress.tsx";
import { allGroups, storedTenant } from "./settings.ts";
import { Health } from "./settings-page.tsx";
import { SignInTable } from "./sign-ins.tsx";

const SIGN_INS_SHOWN = 6;
/** A publisher may be away over a weekend. */
const UNREADABLE_MS = 3 * 86_400_000;

export async function showOverview(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const { services } = visit;
  const [tenant, groups, signIns, source] = await Promise.all([
    storedTenant(visit),
    allGroups(visit),
    listSignIns(services.database, visit.tenant.company.id, null, { after: null, limit: SIGN_INS_SHOWN }),
    findMetadataSource(services.database, visit.tenant.company.id),
  ]);
  const { saml, certificates } = tenant;
  const now = services.now();
  const unwell = certificates.filter((certificate) => certificateHealth(certificate, now).tone !== "good");
  const announced = saml && source ? announcedOf({ saml, source }).length : 0;
  const unreadable = source?.failedAt != null && now - source.failedAt >= UNREADABLE_MS;
  const steps = await stepsOf(visit, tenant, groups);
  return consolePage(visit, {
    title: "Overview",
    section: "overview",
    aside:
      saml === null ? (
        <span class="badge warn">Not set up yet</span>
      ) : (
        <span class="badge good">Single sign-on is set up</span>
      ),
    children: (
      <>
        {(announced > 0 || unreadable) && (
          <div class="note warn">
            <p>
              <strong>
                {announced > 0
                  ? "Your provider publishes a certificate that is not trusted here."
                  : "Your provider’s metadata could not be read for three days."}
              </strong>{" "}
              <a href={METADATA_PATH}>Look at it</a>
            </p>
          </div>
        )}
        {unwell.length > 0 && (
          <section class="card" aria-labelledby="h-ends">
            <h2 id="h-ends">Certificates that need you</h2>
            <ul class="plain">
              {unwell.map((certificate) => (
                <li>
                  <bdi>{certificate.subject}</bdi> <Health certificate={certificate} now={now} />
                </li>
              ))}
            </ul>
            <p class="actions">
              <a class="button quiet" href={SETTINGS_PATH}>
                Open the settings
              </a>
            </p>
          </section>
        )}
        {steps.some(({ state }) => state !== "done") && (
          <section class="card" aria-labelledby="h-steps">
            <h2 id="h-steps">To do</h2>
            <ol class="steps">
              {steps.map((step) => (
                <li>
                  {step.state === "done" ? step.text : <a href={step.href}>{step.text}</a>} <StepBadge step={step} />
                </li>
              ))}
            </ol>
          </section>
        )}
        {saml !== null && (
          <section class="card" aria-labelledby="h-now">
            <h2 id="h-now">How people sign in</h2>
            <dl class="facts">
              <dt>Login URL</dt>
              <dd>
                <code>{saml.loginUrl}</code>
              </dd>
              <dt>Certificates</dt>
              <dd>
                {certificates.map((certificate) => (
                  <div>
                    <bdi>{certificate.subject}</bdi>, valid to <Time at={certificate.notAfter} />
                  </div>
                ))}
              </dd>
              <dt>New users</dt>
              <dd>
                {saml.jit.enabled ? (
                  <>
                    Created at their first sign-in, in the group{" "}
                    <bdi>{groups.find(({ id }) => id === saml.jit.groupId)?.title ?? "that a mapping names"}</bdi>
                  </>
                ) : (
                  "Created by hand only"
                )}
              </dd>
            </dl>
            <p class="actions">
              <a href={SETTINGS_PATH}>Change the settings</a>
            </p>
          </section>
        )}
        <section class="card" aria-labelledby="h-last">
          <h2 id="h-last">Last attempts to sign in</h2>
          {signIns.length === 0 ? <p class="soft">Nobody has tried yet.</p> : <SignInTable records={signIns} />}
          <p class="actions">
            <a href={SIGN_INS_PATH}>The whole log</a>
            <a href={`${SIGN_INS_PATH}?outcome=refused`}>Only refusals</a>
          </p>
        </section>
      </>
    ),
  });
}
