using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;

namespace OpenStackSev.Fuzz;

/// <summary>Runs one target on mutated inputs, and keeps those that reach what none reached before.</summary>
internal sealed class Campaign(Target target, Coverage coverage, FuzzOptions options) : IDisposable
{
    /// <summary>A parser that takes longer for one input is an open door.</summary>
    private static readonly TimeSpan s_slowest = TimeSpan.FromSeconds(1);

    private const int MaximumFailures = 10, KeptSize = 64 * 1024;

    private readonly List<byte[]> _corpus = [];
    private readonly Dictionary<string, string> _failures = new(StringComparer.Ordinal);
    private readonly CurrentInput? _current = options.Current is { } path ? new CurrentInput(path) : null;
    private long _count, _allocated, _allocatedBy;
    private TimeSpan _slowest;

    /// <returns>True when no input failed.</returns>
    public bool Run()
    {
        Stopwatch clock = Stopwatch.StartNew();
        foreach (byte[] seed in target.Seeds.Concat(ReadCorpus()))
            Try(seed, always: true);
        Mutator mutator = new(options.Seed, target.Dictionary, target.MaximumSize);
        int made = 0;
        for (; made < options.Inputs && _failures.Count < MaximumFailures && !(clock.Elapsed > options.Time); made++)
            Try(mutator.Next(_corpus), always: false);
        Console.Out.WriteLine(Row(target.Name, made.ToString("N0", CultureInfo.InvariantCulture), coverage.Edges.ToString(CultureInfo.InvariantCulture),
            _corpus.Count.ToString(CultureInfo.InvariantCulture), _slowest.TotalMilliseconds.ToString("F1", CultureInfo.InvariantCulture),
            $"{_allocated / 1024.0:F0} of {_allocatedBy / 1024.0:F1}", _failures.Count.ToString(CultureInfo.InvariantCulture)));
        foreach ((string what, string file) in _failures)
            Console.Error.WriteLine($"{target.Name}: {what}: {file}");
        return _failures.Count == 0;
    }

    public static string Header =>
        Row("parser", "inputs", "edges", "corpus", "slowest, ms", "most allocated, KiB", "failures") + "\n" + Row("---", "--:", "--:", "--:", "--:", "--:", "--:");

    private static string Row(params string[] cells) => $"| {string.Join(" | ", cells)} |";

    private void Try(byte[] input, bool always)
    {
        _current?.Write(++_count, input);
        coverage.Reset();
        string? failure = null;
        long before = GC.GetAllocatedBytesForCurrentThread();
        long started = Stopwatch.GetTimestamp();
        try
        {
            target.Parse(input);
        }
        // What is looked for is any exception at all.
        catch (Exception e)
        {
            failure = $"{e.GetType().Name}: {e.Message.Split('\n')[0]} {Place(e)}";
        }
        TimeSpan took = Stopwatch.GetElapsedTime(started);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        bool isNew = coverage.Merge();
        if (took > _slowest)
            took = Fastest(input, took);
        if (took > _slowest)
            _slowest = took;
        if (Bound(_allocatedBy) * (double)allocated > Bound(input.Length) * (double)_allocated)
            (_allocated, _allocatedBy) = (allocated, input.Length);
        failure ??= took > s_slowest ? $"took {took.TotalSeconds:F1} s"
            : allocated > Bound(input.Length) ? $"allocated {allocated} bytes for {input.Length}"
            : null;
        if (failure is not null)
            Fail(failure, input);
        if (always || (isNew && input.Length <= KeptSize))
        {
            _corpus.Add(input);
            if (!always && options.Keep is { } keep)
                Write(Path.Join(keep, target.Name), input);
        }
    }

    // Again, so that it is no accident: code was compiled, a garbage collection came, or the machine was busy.
    private TimeSpan Fastest(byte[] input, TimeSpan took)
    {
        for (int again = 0; again < 3; again++)
        {
            long started = Stopwatch.GetTimestamp();
            try
            {
                target.Parse(input);
            }
            // Was counted the first time.
            catch (Exception)
            {
                return took;
            }
            TimeSpan now = Stopwatch.GetElapsedTime(started);
            took = now < took ? now : took;
        }
        return took;
    }

    private long Bound(long size) => (64 * size) + (1024 * 1024) + target.Allowance;

    private void Fail(string what, byte[] input)
    {
        // One file for each kind of failure: numbers in the text make no new kind.
        string kind = string.Concat(what.Where(c => !char.IsAsciiDigit(c)));
        if (!_failures.Keys.Any(known => string.Concat(known.Where(c => !char.IsAsciiDigit(c))) == kind))
            _failures[what] = Write(Path.Join(options.Work, "failures"), input);
    }

    private string Write(string folder, byte[] input)
    {
        Directory.CreateDirectory(folder);
        string file = Path.Join(folder, $"{target.Name}-{Convert.ToHexStringLower(SHA256.HashData(input))[..16]}");
        File.WriteAllBytes(file, input);
        return file;
    }

    private IEnumerable<byte[]> ReadCorpus()
    {
        string folder = Path.Join(options.Corpus ?? "", target.Name);
        return options.Corpus is not null && Directory.Exists(folder)
            ? Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)
            : [];
    }

    private static string Place(Exception e) =>
        new StackTrace(e).GetFrames().FirstOrDefault()?.GetMethod() is { } method ? $"at {method.DeclaringType?.Name}.{method.Name}" : "";

    public void Dispose() => _current?.Dispose();
}
