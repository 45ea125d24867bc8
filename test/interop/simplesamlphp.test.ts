/**
 * SimpleSAMLphp, Debian's package, as a company's identity provider: configured from our published metadata, end to end over HTTP. The parts
 * stand in simplesamlphp/ and share one gateway and one SimpleSAMLphp, which people.ts starts and ends.
 */
import "./simplesamlphp/sign-in.ts";
import "./simplesamlphp/messages.ts";
import "./simplesamlphp/logout.ts";
