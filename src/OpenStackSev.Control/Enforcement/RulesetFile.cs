using System.Globalization;
using System.Security.Cryptography;
using OpenStackSev.Attestation;
using OpenStackSev.Configuration;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace OpenStackSev.Control.Enforcement;

/// <summary>Reads the rules file. Every problem of it is told, with its line.</summary>
internal sealed class RulesetFile
{
    private const int MaximumBytes = 1024 * 1024;
    private const int MostRules = 100;
    private const int MostItems = 10_000;
    private const int LongestWord = 255;
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(30);

    private readonly List<string> problems = [];

    private RulesetFile()
    {
    }

    /// <exception cref="ConfigurationException">Not readable, or with every problem of it.</exception>
    public static Ruleset Read(string file)
    {
        byte[] bytes;
        try
        {
            if (new FileInfo(file) is { Exists: true, Length: > MaximumBytes })
                throw new ConfigurationException([$"{file}: larger than {MaximumBytes / 1024} KiB"]);
            bytes = File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException([$"{file}: {e.Message}"]);
        }

        return Parse(bytes, file);
    }

    /// <param name="source">Named in problems.</param>
    /// <exception cref="ConfigurationException">With every problem.</exception>
    public static Ruleset Parse(byte[] bytes, string source)
    {
        YamlNode? root;
        try
        {
            using var reader = new StreamReader(new MemoryStream(bytes));
            var yaml = new YamlStream();
            yaml.Load(reader);
            root = yaml.Documents.Count == 0 ? null : yaml.Documents[0].RootNode;
        }
        catch (YamlException e)
        {
            throw new ConfigurationException([$"{source}: line {e.Start.Line}: not YAML: {e.Message.ReplaceLineEndings(" ")}"]);
        }

        if (root is not YamlMappingNode top)
            throw new ConfigurationException([$"{source}: not a mapping; see etc/enforcement.yaml.sample"]);
        var file = new RulesetFile();
        Ruleset ruleset = file.Of(top) with { Digest = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes)) };
        return file.problems.Count == 0 ? ruleset : throw new ConfigurationException([.. file.problems.Select(problem => $"{source}: {problem}")]);
    }

    private Ruleset Of(YamlMappingNode top)
    {
        var ruleset = new Ruleset();
        foreach ((string key, YamlNode value) in Members(top, "mode", "rules", "projects", "exempt", "limits", "breaker", "quarantine_request"))
        {
            ruleset = key switch
            {
                "mode" => ruleset with { Mode = Word(value, "mode", RulesetWords.Modes) },
                "rules" => ruleset with { Rules = [.. Items(value, "rules", MostRules).Select(RuleOf).OfType<EnforcementRule>()] },
                "projects" => ruleset with { Projects = ProjectsOf(value) },
                "exempt" => ExemptOf(ruleset, value),
                "limits" => ruleset with { Limits = LimitsOf(value) },
                "breaker" => ruleset with { Breaker = BreakerOf(value) },
                _ => ruleset with { Quarantine = QuarantineOf(value) },
            };
        }

        return ruleset;
    }

    private EnforcementRule? RuleOf(YamlNode node)
    {
        int before = problems.Count;
        Verdict? verdict = null;
        string[] codes = [];
        TimeSpan? after = null;
        int? rounds = null;
        Measures measures = Measures.None;
        foreach ((string key, YamlNode value) in Members(node, "verdict", "codes", "after", "rounds", "measures"))
        {
            switch (key)
            {
                case "verdict":
                    verdict = Word(value, "verdict", RulesetWords.Verdicts);
                    break;
                case "codes":
                    codes = Texts(value, "codes");
                    break;
                case "after":
                    after = Duration(value, "after", TimeSpan.Zero, s_longest);
                    break;
                case "rounds":
                    rounds = (int)Number(value, "rounds", 1, 1000);
                    break;
                default:
                    measures = Items(value, "measures", MostRules).Select(one => Word(one, "measures", RulesetWords.Measures)).Aggregate(Measures.None, (all, one) => all | one);
                    break;
            }
        }

        // What is wrong with its words says enough.
        if (problems.Count > before)
            return null;
        if (verdict is null)
            Problem(node, "a rule needs a verdict");
        else if (after is null && rounds is null)
            Problem(node, "a rule needs after or rounds: how long, or how often, it must have been found");
        else if (measures == Measures.None)
            Problem(node, "a rule needs measures");
        // SEV and SEV-ES guests are all of verdict none: a rule must say which none it means.
        else if (verdict == Verdict.None && codes.Length == 0)
            Problem(node, "a rule for verdict none needs codes");
        else
            return new EnforcementRule(verdict.Value, codes, after ?? TimeSpan.Zero, rounds, measures);
        return null;
    }

    private Dictionary<string, Measures> ProjectsOf(YamlNode node)
    {
        var projects = new Dictionary<string, Measures>(StringComparer.Ordinal);
        foreach ((string key, YamlNode value) in Members(node))
        {
            if (key.Length is 0 or > HistoryRecord.MaximumProjectLength)
                Problem(node, $"projects: '{key}' is no project id");
            else if (projects.Count < MostItems)
                projects[key] = Word(value, $"projects: {key}", RulesetWords.Measures);
        }

        return projects;
    }

    private Ruleset ExemptOf(Ruleset ruleset, YamlNode node)
    {
        foreach ((string key, YamlNode value) in Members(node, "projects", "instances", "flavors"))
        {
            HashSet<string> texts = [.. Texts(value, key)];
            if (key == "instances")
            {
                foreach (string wrong in texts.Where(text => !Guid.TryParseExact(text, "D", out _)))
                    Problem(value, $"instances: '{wrong}' is no UUID");
                ruleset = ruleset with { ExemptInstances = texts.Where(text => Guid.TryParseExact(text, "D", out _)).Select(Guid.Parse).ToHashSet() };
            }
            else
            {
                ruleset = key == "projects" ? ruleset with { ExemptProjects = texts } : ruleset with { ExemptFlavors = texts };
            }
        }

        return ruleset;
    }

    private EnforcementLimits LimitsOf(YamlNode node)
    {
        var limits = new EnforcementLimits();
        foreach ((string key, YamlNode value) in Members(node, "most_a_run", "most_an_hour"))
        {
            int number = (int)Number(value, key, 0, 100_000);
            limits = key == "most_a_run" ? limits with { MostARun = number } : limits with { MostAnHour = number };
        }

        return limits;
    }

    private BreakerSettings BreakerOf(YamlNode node)
    {
        var breaker = new BreakerSettings();
        foreach ((string key, YamlNode value) in Members(node, "share", "minimum", "window"))
        {
            breaker = key switch
            {
                "share" => breaker with { Share = Number(value, "share", 0.01, 1, isWhole: false) },
                "minimum" => breaker with { Minimum = (int)Number(value, "minimum", 1, 100_000) },
                _ => breaker with { Window = Duration(value, "window", TimeSpan.FromMinutes(1), s_longest) },
            };
        }

        return breaker;
    }

    private QuarantineSettings QuarantineOf(YamlNode node)
    {
        var settings = new QuarantineSettings();
        foreach ((string key, YamlNode value) in Members(node, "instances", "projects", "quarantine", "disable_service", "quarantine_untrusted_after"))
        {
            settings = key switch
            {
                "instances" => settings with { Instances = (int)Number(value, key, 1, 1000) },
                "projects" => settings with { Projects = (int)Number(value, key, 1, 1000) },
                "quarantine" => settings with { Enforces = Word(value, key, RulesetWords.Quarantines) },
                "disable_service" => settings with { DisablesService = Word(value, key, RulesetWords.Flags) },
                _ => settings with { UntrustedAfter = Duration(value, key, TimeSpan.FromMinutes(1), s_longest) },
            };
        }

        return settings;
    }

    /// <summary>Of a mapping, with the names that it may have; none of them given: any.</summary>
    private IEnumerable<(string Key, YamlNode Value)> Members(YamlNode node, params string[] names)
    {
        if (node is not YamlMappingNode mapping)
        {
            // A key with only comments below it is as good as none.
            if (node is not YamlScalarNode { Value: null or "" })
                Problem(node, "not a mapping of names to values");
            yield break;
        }

        foreach ((YamlNode key, YamlNode value) in mapping.Children)
        {
            if (key is not YamlScalarNode { Value: { } name })
                Problem(key, "a name is one word");
            else if (names.Length > 0 && !names.Contains(name, StringComparer.Ordinal))
                Problem(key, $"unknown '{name}'; {Suggestion.For(name, names)}");
            else
                yield return (name, value);
        }
    }

    private IEnumerable<YamlNode> Items(YamlNode node, string name, int most)
    {
        if (node is YamlScalarNode { Value: null or "" })
            return [];
        if (node is not YamlSequenceNode sequence || sequence.Children.Count > most)
        {
            Problem(node, node is YamlSequenceNode ? $"{name}: more than {most}" : $"{name}: must be a list");
            return [];
        }

        return sequence.Children;
    }

    private string[] Texts(YamlNode node, string name) => [.. Items(node, name, MostItems).Select(item =>
    {
        if (item is YamlScalarNode { Value: { Length: > 0 and <= LongestWord } text })
            return text;
        Problem(item, $"{name}: must be texts of at most {LongestWord} characters");
        return "";
    })];

    private T Word<T>(YamlNode node, string name, IReadOnlyDictionary<string, T> words)
        where T : struct
    {
        if (node is YamlScalarNode { Value: { } word } && words.TryGetValue(word, out T value))
            return value;
        Problem(node, $"{name}: {(node is YamlScalarNode { Value: { Length: > 0 and <= LongestWord } wrong } ? $"unknown '{wrong}'; {Suggestion.For(wrong, words.Keys)}" : $"must be one of {string.Join(", ", words.Keys)}")}");
        return default;
    }

    private double Number(YamlNode node, string name, double lowest, double highest, bool isWhole = true)
    {
        NumberStyles style = isWhole ? NumberStyles.None : NumberStyles.AllowDecimalPoint;
        if (node is YamlScalarNode { Value: { } text } && double.TryParse(text, style, CultureInfo.InvariantCulture, out double number) && number >= lowest && number <= highest)
            return number;
        Problem(node, string.Create(CultureInfo.InvariantCulture, $"{name}: must be {(isWhole ? "a whole number " : "")}from {lowest} to {highest}"));
        return lowest;
    }

    /// <summary><c>90s</c>, <c>15m</c>, <c>2h</c>, <c>1d</c>; a bare number means seconds.</summary>
    private TimeSpan Duration(YamlNode node, string name, TimeSpan lowest, TimeSpan highest)
    {
        if (node is YamlScalarNode { Value: { Length: > 0 and < 16 } text })
        {
            int unit = text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, 'd' => 86_400, _ => 0 };
            if (long.TryParse(unit == 0 ? text : text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number <= highest.TotalSeconds
                && TimeSpan.FromSeconds(number * Math.Max(1, unit)) is var span && span >= lowest && span <= highest)
            {
                return span;
            }
        }

        Problem(node, $"{name}: must be a time such as 90s, 15m, 2h or 1d, from {lowest.TotalSeconds:0}s to {highest.TotalDays:0}d");
        return lowest;
    }

    private void Problem(YamlNode node, string problem) => problems.Add($"line {node.Start.Line}: {problem}");
}
