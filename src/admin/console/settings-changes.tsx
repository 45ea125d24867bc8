/** Two states of the single sign-on settings beside each other: field by field, certificates by subject and fingerprint. */
import type { FC } from "hono/jsx";
import { type Certificate, readCertificates } from "../../saml/index.ts";
import type { Group, SamlSettings } from "../../store/index.ts";
import { fingerprint } from "./certificate-health.ts";
import { Table } from "./parts.tsx";
import { type Difference, differencesOf, fieldsOf } from "./settings-form.ts";

/** What is different after; an empty text stands for nothing. */
export function changesBetween(before: SamlSettings, after: SamlSettings, groups: readonly Group[]): Difference[] {
  const titleOf = (id: string) => groups.find((group) => group.id === id)?.title ?? id;
  const gone = certificatesOf(before).filter(({ base64 }) => !after.certificates.includes(base64));
  const come = certificatesOf(after).filter(({ base64 }) => !before.certificates.includes(base64));
  return [
    ...differencesOf(fieldsOf(before), fieldsOf(after), titleOf),
    ...gone.map((one) => ["Certificate removed", nameOf(one), ""] as const),
    ...come.map((one) => ["Certificate added", "", nameOf(one)] as const),
  ];
}

function certificatesOf({ certificates }: SamlSettings): Certificate[] {
  return certificates.flatMap((base64) => {
    const read = readCertificates(base64);
    return read.ok ? read.value : [];
  });
}

const nameOf = ({ subject, sha256 }: Certificate) => `${subject}, SHA-256 ${fingerprint(sha256)}`;

export const ChangeTable: FC<{ changes: readonly Difference[]; before: string; after: string }> = (p) => (
  <Table caption={`What differs: ${p.before} and ${p.after}`} heads={["Field", p.before, p.after]}>
    {p.changes.map(([label, before, after]) => (
      <tr>
        <th scope="row">{label}</th>
        <td data-label={p.before}>
          <Value text={before} />
        </td>
        <td data-label={p.after}>
          <Value text={after} />
        </td>
      </tr>
    ))}
  </Table>
);

const Value: FC<{ text: string }> = ({ text }) => (text === "" ? <span class="soft">none</span> : <code>{text}</code>);
