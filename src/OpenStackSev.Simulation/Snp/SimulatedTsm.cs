using System.Globalization;

namespace OpenStackSev.Simulation.Snp;

/// <summary>A folder that answers like <c>/sys/kernel/config/tsm</c>, so that an attester can be tried without the hardware.</summary>
/// <remarks>
/// The attributes are files, so a moment goes by between what is written and what is to be read, in which configfs would make the caller wait:
/// they come after mkdir, <c>generation</c> last, and <c>generation</c> counts a write when outblob and auxblob are of it. Two writes in one such
/// moment count once. What cannot be had with files: EINVAL of outblob before inblob (it is not there yet), EBUSY, EFBIG, and rmdir with the attributes inside.
/// Source: Linux Documentation/ABI/testing/configfs-tsm-report.
/// </remarks>
public sealed class SimulatedTsm : IDisposable, IAsyncDisposable
{
    private const int LongestInblob = 64;
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    // For what inotify does not tell, such as a file that was written before its folder was watched.
    private static readonly TimeSpan LookAnyway = TimeSpan.FromMilliseconds(100);

    private readonly string _folder;
    private readonly string _staging;
    private readonly SimulatedGuestReports _reports;
    private readonly Action<string>? _onRequest;
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly FileSystemWatcher _watcher;
    private readonly SemaphoreSlim _changed = new(0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _serving;

    private SimulatedTsm(string folder, SimulatedGuest guest, Action<string>? onRequest)
    {
        (_folder, _onRequest) = (folder, onRequest);
        _reports = new SimulatedGuestReports(guest);
        SimulatedTsmFolder.Prepare(folder, _reports.LaunchTcb, guest.Lie);
        // On the same file system, and where no attester looks: files come whole, by renaming.
        _staging = Directory.CreateDirectory(Path.Join(folder, "staging")).FullName;
        _watcher = new FileSystemWatcher(Path.Join(folder, SimulatedTsmFolder.Entries))
        {
            IncludeSubdirectories = true,
            NotifyFilter = NotifyFilters.DirectoryName | NotifyFilters.LastWrite,
        };
        _watcher.Created += (_, _) => _changed.Release();
        _watcher.Changed += (_, _) => _changed.Release();
        _watcher.EnableRaisingEvents = true;
        _serving = Task.Run(ServeAsync);
    }

    /// <summary>Ends when this is disposed, and fails when it cannot go on: the folder is gone, or its mark is.</summary>
    public Task Completion => _serving;

    /// <summary>Starts to answer. The folder is made, or is that of an earlier one.</summary>
    /// <param name="onRequest">Told of each answer, in one line.</param>
    /// <exception cref="SimulationException">The folder holds something else.</exception>
    public static SimulatedTsm Start(string folder, SimulatedGuest guest, Action<string>? onRequest = null) => new(folder, guest, onRequest);

    /// <summary>From the next report on, this TCB is reported: as if the host had rolled back, or updated.</summary>
    /// <param name="folder">Of one that runs, in whichever process.</param>
    /// <exception cref="SimulationException">It is no such folder.</exception>
    public static void SetTcb(string folder, SimulatedTcb tcb) => SimulatedTsmFolder.Change(folder, tcb, null);

    /// <summary>From the next report on, it lies so.</summary>
    /// <exception cref="SimulationException">It is no such folder.</exception>
    public static void SetLie(string folder, SimulatedLie lie) => SimulatedTsmFolder.Change(folder, null, lie);

    /// <summary>What it reports and how it lies from the next report on.</summary>
    /// <exception cref="SimulationException">It is no such folder.</exception>
    public static (SimulatedTcb Tcb, SimulatedLie Lie) Settings(string folder) => SimulatedTsmFolder.Read(folder);

    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
            return;
        await _stop.CancelAsync();
        await _serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _watcher.Dispose();
        _reports.Dispose();
        _changed.Dispose();
        _stop.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                Look();
                await _changed.WaitAsync(LookAnyway, _stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
    }

    private void Look()
    {
        string entries = Path.Join(_folder, SimulatedTsmFolder.Entries);
        if (!Directory.Exists(entries))
            throw new SimulationException($"{entries} is gone", "start again");
        string[] present = [.. Directory.EnumerateDirectories(entries)];
        foreach (string gone in _entries.Keys.Except(present).ToArray())
            _entries.Remove(gone);
        foreach (string path in present)
        {
            try
            {
                Serve(path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The attester took the entry away meanwhile.
                _entries.Remove(path);
            }
        }
    }

    private void Serve(string path)
    {
        // An entry of the same name as an earlier one has no attributes yet.
        if (!_entries.TryGetValue(path, out Entry? entry) || !File.Exists(Path.Join(path, "generation")))
        {
            _entries[path] = new Entry();
            Put(path, "provider", "sev_guest\n"u8);
            Put(path, "privlevel_floor", "0\n"u8);
            Put(path, "privlevel", [], Private);
            Put(path, "inblob", [], Private);
            Put(path, "generation", "0\n"u8);
            return;
        }
        Written inblob = Written.Of(Path.Join(path, "inblob")), level = Written.Of(Path.Join(path, "privlevel"));
        int writes = (inblob.Equals(entry.Inblob) ? 0 : 1) + (level.Equals(entry.Level) ? 0 : 1);
        if (writes == 0)
            return;
        (entry.Inblob, entry.Level, entry.Generation) = (inblob, level, entry.Generation + writes);
        if (inblob.Content is { Length: > 0 and <= LongestInblob } asked)
            Answer(path, asked, uint.TryParse(System.Text.Encoding.ASCII.GetString(level.Content).TrimEnd(), out uint vmpl) && vmpl <= 3 ? vmpl : 0);
        Put(path, "generation", System.Text.Encoding.ASCII.GetBytes(entry.Generation.ToString(CultureInfo.InvariantCulture) + "\n"));
    }

    private void Answer(string path, byte[] reportData, uint vmpl)
    {
        (SimulatedTcb tcb, SimulatedLie lie) = SimulatedTsmFolder.Read(_folder);
        string told = lie == SimulatedLie.None ? "" : $", lie {lie}";
        if (_reports.Answer(reportData, vmpl, tcb, lie) is not { } answer)
        {
            File.Delete(Path.Join(path, "outblob"));
            _onRequest?.Invoke($"no report{told}");
            return;
        }
        Put(path, "auxblob", answer.Certificates);
        Put(path, "outblob", answer.Report);
        _onRequest?.Invoke($"report at TCB {tcb}{told}");
    }

    private void Put(string path, string attribute, ReadOnlySpan<byte> content, UnixFileMode? mode = null)
    {
        string staged = Path.Join(_staging, attribute);
        File.WriteAllBytes(staged, content);
        if (mode is { } given)
            File.SetUnixFileMode(staged, given);
        File.Move(staged, Path.Join(path, attribute), overwrite: true);
    }

    private sealed class Entry
    {
        public Written Inblob { get; set; } = new(0, []);
        public Written Level { get; set; } = new(0, []);
        public int Generation { get; set; }
    }

    /// <summary>An attribute as it was last written.</summary>
    private sealed record Written(long At, byte[] Content)
    {
        // An empty one was never written.
        public static Written Of(string file) =>
            File.ReadAllBytes(file) is { Length: > 0 } content ? new(File.GetLastWriteTimeUtc(file).Ticks, content) : new(0, []);

        public bool Equals(Written? other) => other is not null && At == other.At && Content.AsSpan().SequenceEqual(other.Content);

        public override int GetHashCode() => At.GetHashCode();
    }
}
