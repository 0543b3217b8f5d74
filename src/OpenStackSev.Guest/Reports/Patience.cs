namespace OpenStackSev.Guest.Reports;

/// <summary>Waits that grow, and altogether end. By the monotonic clock: that of the day may be set meanwhile.</summary>
internal sealed class Patience(TimeProvider time, TimeSpan altogether, TimeSpan first, TimeSpan longest)
{
    private readonly long began = time.GetTimestamp();
    private TimeSpan next = first;

    /// <exception cref="ReportException">With <paramref name="code"/> and <paramref name="why"/>, when patience is at its end.</exception>
    public async Task WaitAsync(string code, string why, CancellationToken ct)
    {
        if (time.GetElapsedTime(began) >= altogether)
            throw new ReportException(code, $"{why}, for {altogether.TotalSeconds} s");
        await Task.Delay(next, time, ct);
        next = next * 2 < longest ? next * 2 : longest;
    }
}
