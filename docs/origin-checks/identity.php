<?php
/**
 * Who is asking: the verified claims of X-Vestibule-Jwt-Assertion, or null. Needs PHP 8.1 with the openssl extension, and no package.
 */
declare(strict_types=1);

final class IdentityCheck
{
    private const KEYS_KEPT_SECONDS = 300;
    private const KEYS_BYTES_MAX = 65536;
    private const CLOCK_TOLERANCE_SECONDS = 5;
    /** SubjectPublicKeyInfo of P-256 up to the point (RFC 5480). */
    private const P256_HEADER = '3059301306072a8648ce3d020106082a8648ce3d030107034200';

    /**
     * $company: its host at the gateway, https://acme.example.com. $application: scheme, host and port of its originUrl.
     * $keysFile: where the keys are kept for five minutes; nobody but the application may be able to write there.
     */
    public function __construct(
        private readonly string $company,
        private readonly string $application,
        private readonly string $keysFile,
    ) {
    }

    public function __invoke(?string $assertion): ?array
    {
        try {
            return $assertion === null || $assertion === '' ? null : $this->verify($assertion);
        } catch (UnexpectedValueException | JsonException $error) {
            error_log('refused an identity assertion: ' . $error->getMessage());
            return null;
        }
    }

    private function verify(string $assertion): array
    {
        $parts = explode('.', $assertion);
        if (count($parts) !== 3) {
            throw new UnexpectedValueException('not a JSON Web Token');
        }
        $header = self::decode($parts[0]);
        if (($header['alg'] ?? null) !== 'ES256') {
            throw new UnexpectedValueException('not signed with ES256');
        }
        $kid = $header['kid'] ?? null;
        $key = is_string($kid) ? $this->publishedKeys()[$kid] ?? null : null;
        $signature = self::derSignature(self::base64url($parts[2]));
        if ($key === null || openssl_verify("$parts[0].$parts[1]", $signature, $key, OPENSSL_ALGO_SHA256) !== 1) {
            throw new UnexpectedValueException('not signed by a published key');
        }
        $claims = self::decode($parts[1]);
        $now = time();
        foreach (['iss' => $this->company, 'aud' => $this->application] as $name => $expected) {
            if (($claims[$name] ?? null) !== $expected) {
                throw new UnexpectedValueException("$name is not $expected");
            }
        }
        if (!is_int($claims['exp'] ?? null) || $now >= $claims['exp'] + self::CLOCK_TOLERANCE_SECONDS) {
            throw new UnexpectedValueException('expired');
        }
        if (!is_int($claims['nbf'] ?? null) || $now < $claims['nbf'] - self::CLOCK_TOLERANCE_SECONDS) {
            throw new UnexpectedValueException('not valid yet');
        }
        if (!is_string($claims['sub'] ?? null) || $claims['sub'] === '') {
            throw new UnexpectedValueException('says of nobody');
        }
        return $claims;
    }

    /** By kid, as PEM. A key is published 15 minutes before it signs: a copy that is five minutes old lacks none. */
    private function publishedKeys(): array
    {
        clearstatcache(true, $this->keysFile);
        $fresh = is_file($this->keysFile) && time() - filemtime($this->keysFile) < self::KEYS_KEPT_SECONDS;
        $text = $fresh ? file_get_contents($this->keysFile) : $this->fetchKeys();
        $keys = [];
        foreach (json_decode((string) $text, true, 8, JSON_THROW_ON_ERROR)['keys'] ?? [] as $key) {
            $point = self::base64url($key['x'] ?? '') . self::base64url($key['y'] ?? '');
            if (($key['kty'] ?? '') !== 'EC' || ($key['crv'] ?? '') !== 'P-256' || strlen($point) !== 64) {
                continue;
            }
            $der = hex2bin(self::P256_HEADER) . "\x04" . $point;
            $pem = "-----BEGIN PUBLIC KEY-----\n" . chunk_split(base64_encode($der), 64, "\n") . "-----END PUBLIC KEY-----\n";
            $keys[$key['kid'] ?? ''] = $pem;
        }
        return $keys;
    }

    private function fetchKeys(): string
    {
        $context = stream_context_create(['http' => ['timeout' => 5, 'follow_location' => 0]]);
        $text = @file_get_contents("$this->company/sso/jwks.json", false, $context, 0, self::KEYS_BYTES_MAX);
        if ($text === false) {
            throw new UnexpectedValueException('the keys can\'t be fetched');
        }
        // Another process sees the old file or the new one, whole.
        $temporary = $this->keysFile . '.' . bin2hex(random_bytes(8));
        file_put_contents($temporary, $text);
        rename($temporary, $this->keysFile);
        return $text;
    }

    /** r and s, 32 bytes each (RFC 7518, 3.4), as openssl wants them: two INTEGERs in a SEQUENCE. */
    private static function derSignature(string $raw): string
    {
        if (strlen($raw) !== 64) {
            throw new UnexpectedValueException('the signature is not 64 bytes');
        }
        $integers = '';
        foreach (str_split($raw, 32) as $number) {
            $number = ltrim($number, "\0");
            $number = $number === '' || ord($number[0]) > 127 ? "\0$number" : $number;
            $integers .= "\x02" . chr(strlen($number)) . $number;
        }
        return "\x30" . chr(strlen($integers)) . $integers;
    }

    private static function decode(string $part): array
    {
        $value = json_decode(self::base64url($part), true, 8, JSON_THROW_ON_ERROR);
        return is_array($value) ? $value : throw new UnexpectedValueException('not a JSON object');
    }

    private static function base64url(string $text): string
    {
        $bytes = preg_match('/^[A-Za-z0-9_-]*$/D', $text) ? base64_decode(strtr($text, '-_', '+/'), true) : false;
        return $bytes === false ? throw new UnexpectedValueException('not base64url') : $bytes;
    }
}

// $check = new IdentityCheck('https://acme.example.com', 'https://assets.internal.example.com', '/var/lib/assets/vestibule-keys.json');
// $who = $check($_SERVER['HTTP_X_VESTIBULE_JWT_ASSERTION'] ?? null);
// if ($who === null) { http_response_code(401); exit; }
