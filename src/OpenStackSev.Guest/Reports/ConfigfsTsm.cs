using System.Globalization;
using System.Text;

namespace OpenStackSev.Guest.Reports;

/// <summary>Reports by configfs-tsm: an entry for each request, so that nobody else writes to it by accident.</summary>
/// <remarks>
/// Source: Linux Documentation/ABI/testing/configfs-tsm-report. <c>generation</c> counts every write to an entry: when it is not the number of
/// ours, somebody else wrote, and what was read may be the answer to that. A simulated folder counts a moment after it was written to, the
/// kernel at once; so a number that is still too small is waited for.
/// </remarks>
internal sealed class ConfigfsTsm(ITsmFiles files, TimeProvider time, Func<int, bool>? isAlive = null) : IReportSource
{
    public const string Provider = "sev_guest";

    /// <summary>An entry is ours, a process', and one of its requests': <c>openstack-sev-guest.PID.N</c>.</summary>
    private const string Prefix = "openstack-sev-guest.";

    private const int MostRaces = 5;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_firstWait = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan s_longestWait = TimeSpan.FromSeconds(2);

    private readonly Func<int, bool> isAlive = isAlive ?? (process => Directory.Exists($"/proc/{process}"));
    private int requests;

    public bool IsThere => files.IsThere;

    public async Task<GuestReport> AskAsync(ReadOnlyMemory<byte> reportData, CancellationToken ct)
    {
        if (reportData.Length != Api.Attestation.ReportData.Length)
            throw new ArgumentException($"report data has {Api.Attestation.ReportData.Length} bytes, not {reportData.Length}", nameof(reportData));
        var patience = new Patience(time, s_patience, s_firstWait, s_longestWait);
        for (int races = 0; races < MostRaces; races++)
        {
            string entry = $"{Prefix}{Environment.ProcessId}.{Interlocked.Increment(ref requests)}";
            Made(files.MakeEntry(entry), entry);
            try
            {
                if (await TryAsync(entry, reportData, patience, ct) is { } report)
                    return report;
            }
            finally
            {
                _ = files.RemoveEntry(entry);
            }
        }

        throw new ReportException(ReportCodes.Raced, $"configfs-tsm: another process wrote to our entry at each of {MostRaces} attempts");
    }

    /// <summary>Removes what a killed process of ours left.</summary>
    public void RemoveLeftovers()
    {
        foreach (string entry in files.Entries().Where(entry => entry.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            string process = entry[Prefix.Length..].Split('.')[0];
            // Our own number, before the first request, is of another one that had it.
            if (int.TryParse(process, NumberStyles.None, CultureInfo.InvariantCulture, out int id)
                && (id == Environment.ProcessId ? requests == 0 : !isAlive(id)))
            {
                _ = files.RemoveEntry(entry);
            }
        }
    }

    /// <returns>Null when somebody else wrote to the entry.</returns>
    private async Task<GuestReport?> TryAsync(string entry, ReadOnlyMemory<byte> reportData, Patience patience, CancellationToken ct)
    {
        string provider = Encoding.ASCII.GetString(await ReadAsync(entry, "provider", 64, patience, ct)).TrimEnd();
        if (provider != Provider)
            throw new ReportException(ReportCodes.Unavailable, $"configfs-tsm: the provider is not {Provider}: this is no SEV-SNP guest");
        long written = await NumberAsync(entry, "generation", patience, ct);
        if (written != 0)
            return null;
        // Below an SVSM the kernel runs at a level of its own, and asking for a higher one is refused.
        if (await FloorAsync(entry, patience, ct) is > 0 and long floor)
        {
            await WriteAsync(entry, "privlevel", Encoding.ASCII.GetBytes(floor.ToString(CultureInfo.InvariantCulture)), patience, ct);
            written++;
        }

        await WriteAsync(entry, "inblob", reportData, patience, ct);
        written++;
        if (!await CountsAsync(entry, written, patience, ct))
            return null;
        byte[] report = await ReadAsync(entry, "outblob", GuestReport.Length + 1, patience, ct);
        byte[] certificates = await ReadAsync(entry, "auxblob", GuestReport.MaximumCertificates + 1, patience, ct);
        if (await NumberAsync(entry, "generation", patience, ct) != written)
            return null;
        if (report.Length != GuestReport.Length)
            throw new ReportException(ReportCodes.Malformed, $"configfs-tsm: the report does not have {GuestReport.Length} bytes");
        // A table that is too large to be sent is the host's affair: the verifier can have the certificates from elsewhere.
        return new GuestReport(report, certificates.Length > GuestReport.MaximumCertificates ? null : GuestReport.TableOf(certificates),
            files.IsSimulated ? "simulated configfs-tsm" : "configfs-tsm", files.IsSimulated);
    }

    private async Task<bool> CountsAsync(string entry, long written, Patience patience, CancellationToken ct)
    {
        while (true)
        {
            long counted = await NumberAsync(entry, "generation", patience, ct);
            if (counted >= written)
                return counted == written;
            await patience.WaitAsync(ReportCodes.Busy, "configfs-tsm: a write is not counted", ct);
        }
    }

    private async Task<long> FloorAsync(string entry, Patience patience, CancellationToken ct)
    {
        long floor = await NumberAsync(entry, "privlevel_floor", patience, ct);
        return floor <= 3 ? floor : throw new ReportException(ReportCodes.Malformed, "configfs-tsm: privlevel_floor is not 0 to 3");
    }

    private async Task<long> NumberAsync(string entry, string attribute, Patience patience, CancellationToken ct) =>
        long.TryParse(Encoding.ASCII.GetString(await ReadAsync(entry, attribute, 32, patience, ct)).TrimEnd(), NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? number
            : throw new ReportException(ReportCodes.Malformed, $"configfs-tsm: {attribute} is no number");

    private Task<byte[]> ReadAsync(string entry, string attribute, int longest, Patience patience, CancellationToken ct) =>
        UntilDoneAsync(attribute, patience, () => (files.Read(entry, attribute, longest, out byte[] content), content), ct);

    private Task<bool> WriteAsync(string entry, string attribute, ReadOnlyMemory<byte> content, Patience patience, CancellationToken ct) =>
        UntilDoneAsync(attribute, patience, () => (files.Write(entry, attribute, content.Span), true), ct);

    /// <remarks>A write that the kernel puts off is counted, though; the generation then shows a race, and the next entry begins anew.</remarks>
    private static async Task<T> UntilDoneAsync<T>(string attribute, Patience patience, Func<(int Error, T Result)> call, CancellationToken ct)
    {
        while (true)
        {
            (int error, T result) = call();
            if (error == 0)
                return result;
            // The attributes of a simulated entry come a moment after it.
            if (!Errno.IsTransient(error) && error != Errno.NoEntry)
                throw new ReportException(ReportCodes.Refused, $"configfs-tsm: {attribute}: {Libc.Message(error)}");
            await patience.WaitAsync(ReportCodes.Busy, $"configfs-tsm: {attribute}: {Libc.Message(error)}", ct);
        }
    }

    private static void Made(int error, string entry)
    {
        if (error == 0)
            return;
        throw error == Errno.NoDevice
            ? new ReportException(ReportCodes.Unavailable, "configfs-tsm: no provider: this is no SEV-SNP guest, or the module sev-guest is not loaded")
            : new ReportException(ReportCodes.Refused, $"configfs-tsm: mkdir {entry}: {Libc.Message(error)}");
    }
}
