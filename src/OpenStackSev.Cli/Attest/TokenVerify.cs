using System.CommandLine;
using System.Text;
using System.Text.Json.Serialization;
using OpenStackSev.Attestation;
using OpenStackSev.Attestation.Results;

namespace OpenStackSev.Cli.Attest;

/// <summary><c>osev attest token verify</c>: reads a signed result as a relying party does. The exit code is its status.</summary>
internal static class TokenVerify
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    public static Command Create(CommandConsole console)
    {
        Argument<string> token = new("token") { Description = "The token itself, or a file that holds it; - is standard input." };
        Option<string> keys = new("--keys") { Description = "The issuer's keys: a JWKS file, or the URL of the control plane's /.well-known/jwks.json.", HelpName = "FILE|URL", Required = true };
        Option<string> issuer = new("--issuer") { Description = "Whose results are taken: [reattestation] issuer of the control plane.", HelpName = "TEXT", Required = true };
        Option<string?> audience = new("--audience") { Description = "For whom it has to be made out; without it, for nobody.", HelpName = "TEXT" };
        Option<bool> simulated = new("--accept-simulated") { Description = "Take results that prove nothing about hardware: in a laboratory only." };
        OsevCommand command = new("verify",
            "Verify a signed result. Exit code: 0 affirming, 1 warning, 2 contraindicated or not believed, 3 could not be judged.",
            "osev attest token verify token.jwt --keys jwks.json --issuer https://attestation.example.org",
            "osev instance show 5f0f2ffb-9bfa-4b1c-8d06-1e7a0b6d7a11 --token | osev attest token verify - --keys https://attestation.example.org/.well-known/jwks.json --issuer https://attestation.example.org")
        {
            token, keys, issuer, audience, simulated,
        };
        command.FailureCode = VerdictExit.None;
        command.SetAction(async (parsed, ct) =>
        {
            byte[] set = await KeysAsync(parsed.GetRequiredValue(keys), ct);
            return VerdictExit.Run(() =>
            {
                if (!EarVerificationKeys.TryParse(set, out EarVerificationKeys? known, out Finding? malformed))
                    throw new CommandException($"--keys: {malformed.Code}: expected {malformed.Expected}, got {malformed.Actual}", "name the issuer's JWKS", VerdictExit.None);
                var expected = new EarExpectation(parsed.GetRequiredValue(issuer), parsed.GetValue(audience), TimeSpan.FromSeconds(30), parsed.GetValue(simulated));
                bool holds = EarToken.Verify(TokenOf(parsed.GetRequiredValue(token)), known, expected, TimeProvider.System.GetUtcNow(), out EarResult? result, out IReadOnlyList<Finding> findings);
                Write(console, result, findings);
                return holds ? VerdictExit.Of(result!.Claims.Status) : VerdictExit.Of(Verdict.Contraindicated);
            });
        });
        return command;
    }

    private static void Write(CommandConsole console, EarResult? result, IReadOnlyList<Finding> findings)
    {
        if (console.Format == OutputFormat.Json)
        {
            console.WriteJson(TokenDocument.Of(result, findings), TokenJson.Default.TokenDocument);
            return;
        }

        if (result is null)
        {
            console.WriteLine("NOT BELIEVED: nothing that this token says counts.", "bold red");
            foreach (Finding finding in findings)
                console.WriteLine($"{finding.Code}: {finding.Subject}: expected {finding.Expected}, got {finding.Actual}");
            return;
        }

        EarClaims claims = result.Claims;
        if (claims.Simulated)
            console.WriteLine("SIMULATED: this proves nothing about any hardware.", "bold yellow");
        console.WriteTable(["CLAIM", "VALUE"],
        [
            ["status", claims.Status.ToString().ToLowerInvariant()],
            ["instance", claims.Subject.Instance.ToString()],
            ["project", claims.Subject.Project],
            ["key of the guest", claims.Confirmation!.Thumbprint],
            ["findings", string.Join(' ', claims.Findings)],
            ["policy", $"{claims.Policy} {claims.PolicyVersion}"],
            ["judged", claims.AppraisedAt.ToString("u")],
            ["counts until", result.ExpiresAt.ToString("u")],
            ["signed by", result.KeyId],
        ]);
    }

    /// <summary>A token has two dots and no slash; everything else is a file.</summary>
    private static string TokenOf(string given) => given.Count(c => c == '.') == 2 && given.Length > 100 && !given.Contains('/', StringComparison.Ordinal)
        ? given
        : Encoding.ASCII.GetString(InputFile.Read("token", given, EarToken.MaximumSize + 2)).Trim();

    private static async Task<byte[]> KeysAsync(string given, CancellationToken ct)
    {
        if (!Uri.TryCreate(given, UriKind.Absolute, out Uri? url) || url.Scheme is not ("http" or "https"))
            return InputFile.Read("--keys", given, EarVerificationKeys.MaximumSize);
        // Whoever can answer in the issuer's place decides what is believed.
        if (url.Scheme == "http" && !url.IsLoopback)
            throw CommandException.BadUsage($"--keys {given}: is not https", "fetch the keys over a way that you trust, and name the file");
        try
        {
            using var http = new HttpClient { Timeout = s_patience, MaxResponseContentBufferSize = EarVerificationKeys.MaximumSize };
            return await http.GetByteArrayAsync(url, ct);
        }
        catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !ct.IsCancellationRequested))
        {
            throw new CommandException($"--keys {url}: {e.Message.TrimEnd('.')}", "is the control plane up? Or name a file that holds its JWKS", VerdictExit.None, e);
        }
    }
}

/// <summary>JSON of <c>osev attest token verify</c>.</summary>
/// <param name="Believed">False: nothing else is said but the findings.</param>
internal sealed record TokenDocument(
    bool Believed, IReadOnlyList<string> Findings, string? Status = null, Guid? Instance = null, string? Project = null, Guid? Host = null, string? Key = null,
    bool? Simulated = null, IReadOnlyList<string>? ResultFindings = null, string? Policy = null, string? PolicyVersion = null, DateTimeOffset? ExpiresAt = null)
{
    public static TokenDocument Of(EarResult? result, IReadOnlyList<Finding> findings) => result is not { Claims: var claims }
        ? new(false, [.. findings.Select(finding => finding.Code)])
        : new(true, [], claims.Status.ToString().ToLowerInvariant(), claims.Subject.Instance, claims.Subject.Project, claims.Subject.Host, claims.Confirmation!.Thumbprint,
            claims.Simulated, claims.Findings, claims.Policy, claims.PolicyVersion, result.ExpiresAt);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(TokenDocument))]
internal sealed partial class TokenJson : JsonSerializerContext;
