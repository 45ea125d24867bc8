/**
 * What people put together when a password must be long: the words, names and runs of keys that lead every published list of
 * leaked passwords. Lower case; a password is judged by what is left of it without them.
 */
export const COMMON_WORDS: readonly string[] = [
  "password passwort passw0rd p@ssw0rd p@ssword pa$$word contraseña motdepasse kennwort",
  "welcome willkommen letmein iloveyou changeme default temporary secret master login access",
  "administrator administrador admin manager superuser operator guest user test testing",
  "qwertyuiop qwertzuiop azertyuiop qwerty qwertz azerty asdfghjkl asdfgh zxcvbnm yxcvbnm 1qaz2wsx 1q2w3e4r5t 1q2w3e4r qazwsx",
  "1234567890 0987654321 123456789 987654321 12345678 87654321 1234567 123456 654321 12345 54321 1234 4321 123 321",
  "abcdefghijklmnopqrstuvwxyz abcdefghijkl abcdefgh abcdef abc123 abcd abc",
  "111111 000000 112233 123123 121212 666666 696969",
  "sunshine princess football baseball basketball superman batman dragon monkey shadow michael jordan charlie",
  "liverpool chelsea arsenal pokemon starwars computer internet samsung google microsoft company vestibule",
  "whatever trustno1 freedom flower cookie summer winter spring autumn sommer herbst frühling",
  "january february march april june july august september october november december",
  "correcthorsebatterystaple correct horse battery staple",
  "2020 2021 2022 2023 2024 2025 2026 2027 2028 2029 2030",
].flatMap((line) => line.split(" "));
