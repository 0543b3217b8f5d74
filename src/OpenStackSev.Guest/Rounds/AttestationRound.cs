using OpenStackSev.Api;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Guest.Reports;

namespace OpenStackSev.Guest.Rounds;

/// <summary>What one round brought.</summary>
internal sealed record RoundResult(EvidenceAnswer Answer, string ReportSource, bool IsSimulated);

/// <summary>Challenge, report, evidence. One attempt; the loop decides about the next.</summary>
internal sealed class AttestationRound(IReportSource reports, GuestKey key, TimeProvider time)
{
    /// <exception cref="AttestationApiException">The control plane refused, failed or did not answer.</exception>
    /// <exception cref="ControlAnswerException">Its answer cannot be meant for us.</exception>
    /// <exception cref="ReportException">No report was to be had.</exception>
    public async Task<RoundResult> RunAsync(IGuestApi control, GuestInstructions instructions, CancellationToken ct)
    {
        Challenge challenge = await control.AskAsync(new ChallengeRequest(instructions.Instance), instructions.Ticket, ct);
        ControlAnswers.Check(challenge, instructions.Instance);
        long asked = time.GetTimestamp();
        byte[] reportData = ReportData.Of(challenge.Nonce, instructions.Instance, key.PublicKey);
        GuestReport report = await reports.AskAsync(reportData, ct);
        // To say it ourselves costs the control plane nothing, and the next round asks for a new one.
        if (time.GetElapsedTime(asked) >= TimeSpan.FromSeconds(challenge.ExpiresIn))
            throw new ReportException(ReportCodes.Busy, $"the report took longer than the challenge holds, {challenge.ExpiresIn} s");
        EvidenceAnswer answer = await control.AnswerAsync(
            new Evidence(challenge.Id, instructions.Instance, report.Report, key.PublicKey, report.Certificates), instructions.Ticket, ct);
        return new RoundResult(ControlAnswers.Checked(answer), report.Source, report.IsSimulated);
    }
}

/// <summary>What an answer of the control plane may hold. Pure.</summary>
internal static class ControlAnswers
{
    private const int MostFindings = 100, LongestFinding = 200, LongestToken = 16 * 1024;
    private static readonly string[] s_verdicts = ["affirming", "warning", "contraindicated", "none"];

    /// <exception cref="ControlAnswerException">It is not a challenge for this instance.</exception>
    public static void Check(Challenge challenge, Guid instance)
    {
        // Else another instance's challenge would get our report.
        if (challenge.Instance != instance)
            throw new ControlAnswerException(ControlCodes.MalformedChallenge, "the challenge is for another instance");
        if (challenge.Nonce.Length != ReportData.NonceLength)
            throw new ControlAnswerException(ControlCodes.MalformedChallenge, $"the nonce does not have {ReportData.NonceLength} bytes");
        if (challenge.ExpiresIn is < 1 or > 86_400)
            throw new ControlAnswerException(ControlCodes.MalformedChallenge, "the challenge does not expire in 1 s to 1 day");
    }

    /// <exception cref="ControlAnswerException">It is not a result.</exception>
    public static EvidenceAnswer Checked(EvidenceAnswer answer)
    {
        if (!s_verdicts.Contains(answer.Verdict))
            throw Malformed("the verdict is not " + string.Join(", ", s_verdicts));
        if (answer.Findings.Count > MostFindings || answer.Findings.Any(code => code is null || code.Length is 0 or > LongestFinding || !code.All(IsOfCode)))
            throw Malformed("the findings are not codes");
        if (answer.Token is { } token && (token.Length > LongestToken || token.Split('.') is not { Length: 3 } parts || !parts.All(IsBase64Url)))
            throw Malformed("the token is no JWT");
        if (answer.Token is not null && answer.TokenExpiresIn is null or < 1 or > 86_400)
            throw Malformed("the token does not expire in 1 s to 1 day");
        return answer;
    }

    private static bool IsBase64Url(string part) => part.Length > 0 && part.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');

    private static bool IsOfCode(char c) => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-';

    private static ControlAnswerException Malformed(string what) => new(ControlCodes.MalformedResult, what);
}
