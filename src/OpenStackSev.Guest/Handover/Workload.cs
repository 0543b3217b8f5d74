using OpenStackSev.Api.Attestation;
using OpenStackSev.Guest.Reports;
using OpenStackSev.Guest.Rounds;

namespace OpenStackSev.Guest.Handover;

/// <summary>What the workload gets, whoever carries it.</summary>
internal sealed class Workload(GuestState state, GuestKey key, IReportSource reports, TimeProvider time)
{
    /// <summary>Before the first result, and after one that says so.</summary>
    private const string NoVerdict = "none";

    public async Task<SocketAnswer> AnswerAsync(SocketRequest request, CancellationToken ct)
    {
        switch (request.Ask)
        {
            case SocketRequest.Token:
                return state.Result is { } held && held.TokenLeft(time) is not null
                    ? new SocketAnswer(Token: held.Answer.Token)
                    : Refused(state.Failing is { } failing ? new Refusal(failing.Code, failing.Message)
                        : new Refusal(SocketCodes.NoToken, "there is no token now"));
            case SocketRequest.Status:
                return new SocketAnswer(Status: Status());
            case SocketRequest.Report when request.Data is { Length: ReportData.Length } reportData:
                return await ReportAsync(reportData, ct);
            case SocketRequest.Sign when request.Data is { Length: > 0 and <= SocketRequest.LongestMessage } message:
                return new SocketAnswer(Signature: key.Sign(message));
            default:
                return Refused(new Refusal(SocketCodes.Malformed,
                    $"ask token, status, report with {ReportData.Length} bytes of data, or sign with some"));
        }
    }

    public static SocketAnswer Refused(Refusal error) => new(Error: error);

    private async Task<SocketAnswer> ReportAsync(byte[] reportData, CancellationToken ct)
    {
        try
        {
            GuestReport report = await reports.AskAsync(reportData, ct);
            return new SocketAnswer(Report: new SocketReport(report.Report, report.IsSimulated, report.Certificates));
        }
        catch (ReportException e)
        {
            return Refused(new Refusal(e.Code, e.Message));
        }
    }

    private GuestStatus Status()
    {
        (HeldResult? held, GuestInstructions? instructions) = (state.Result, state.Instructions?.Instructions);
        // A verdict holds as long as the token that carries it; where there is no token, as long as the control plane wanted to wait, and once more.
        bool holds = held is not null && (held.Answer.Token is not null ? held.TokenLeft(time) is not null
            : time.GetElapsedTime(held.Timestamp) < 2 * TimeSpan.FromSeconds(held.Answer.NextRoundIn));
        return new GuestStatus(
            holds ? held!.Answer.Verdict : NoVerdict, holds ? held!.Answer.Findings : [], held?.Round.IsSimulated ?? false, key.PublicKey,
            instructions?.Instance, instructions?.Url.AbsoluteUri, state.Instructions?.Place, held?.Round.ReportSource, held?.At,
            (int?)held?.TokenLeft(time)?.TotalSeconds, state.Failing is { } failing ? new Refusal(failing.Code, failing.Message) : null);
    }
}
