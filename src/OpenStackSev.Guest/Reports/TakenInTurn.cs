namespace OpenStackSev.Guest.Reports;

/// <summary>One request at a time: rounds and the workload ask the same processor, and the host limits how often.</summary>
internal sealed class TakenInTurn(IReportSource source) : IReportSource, IDisposable
{
    private readonly SemaphoreSlim turn = new(1);

    public bool IsThere => source.IsThere;

    public async Task<GuestReport> AskAsync(ReadOnlyMemory<byte> reportData, CancellationToken ct)
    {
        await turn.WaitAsync(ct);
        try
        {
            return await source.AskAsync(reportData, ct);
        }
        finally
        {
            turn.Release();
        }
    }

    public void Dispose() => turn.Dispose();
}
