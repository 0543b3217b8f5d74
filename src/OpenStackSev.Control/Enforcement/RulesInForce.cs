using OpenStackSev.Configuration;

namespace OpenStackSev.Control.Enforcement;

/// <summary>The rules by which enforcement goes now. Read at the start, which a wrong file ends, and again when the file changes.</summary>
internal sealed partial class RulesInForce(EnforcementOptions options, ILogger<RulesInForce> log)
{
    private (DateTime Written, long Length)? seen = options.RulesFile is { } file ? Stamp(file) : null;
    private Ruleset ruleset = options.RulesFile is { } file ? RulesetFile.Read(file) : RulesetSample.Default;

    public Ruleset Now => Volatile.Read(ref ruleset);

    /// <summary>What is wrong with the file as it is now, so that older rules hold; null for nothing.</summary>
    public string? Problem { get; private set; }

    /// <summary>The rules, from the file where that is another one than before.</summary>
    public Task<Ruleset> ReadAgainAsync(CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        if (options.RulesFile is not { } file || Stamp(file) is var stamp && stamp == seen)
            return Task.FromResult(Now);
        try
        {
            Volatile.Write(ref ruleset, RulesetFile.Read(file));
            Problem = null;
        }
        catch (ConfigurationException e)
        {
            Problem = string.Join("; ", e.Problems.Take(10));
            LogWrong(log, Problem);
        }

        seen = stamp;
        return Task.FromResult(Now);
    }

    private static (DateTime Written, long Length)? Stamp(string file) => new FileInfo(file) is { Exists: true } found ? (found.LastWriteTimeUtc, found.Length) : null;

    [LoggerMessage(4521, LogLevel.Error, "the rules of enforcement stay what they were: {Problem}")]
    private static partial void LogWrong(ILogger logger, string problem);
}
