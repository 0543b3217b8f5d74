using OpenStackSev.Api.Errors;
using OpenStackSev.Configuration;
using OpenStackSev.Control.Configuration;
using OpenStackSev.Control.Conventions;

namespace OpenStackSev.Control.Identity;

/// <summary>Who may do what: the built-in rules, and those of policy.yaml in their place. Checked whole at start, then never changed.</summary>
public sealed class Policy
{
    private readonly Dictionary<string, PolicyCheck> checks;

    private Policy(Dictionary<string, PolicyCheck> checks) => this.checks = checks;

    /// <exception cref="ConfigurationException">With every problem of the file.</exception>
    public static Policy Load(PolicyOptions options, IReadOnlyList<PolicyRule> rules) =>
        Of(rules, options.IsNamed || File.Exists(options.PolicyFile) ? PolicyFile.Read(options.PolicyFile) : new Dictionary<string, string>(), options.PolicyFile);

    /// <param name="overrides">From policy.yaml: a rule's new text, or a new rule that another one refers to.</param>
    /// <param name="source">Named in problems.</param>
    /// <exception cref="ConfigurationException">With every problem.</exception>
    public static Policy Of(IReadOnlyList<PolicyRule> rules, IReadOnlyDictionary<string, string> overrides, string source)
    {
        var problems = new List<string>();
        var parsed = new Dictionary<string, PolicyCheck>(StringComparer.Ordinal);
        foreach ((string name, string text) in rules.Select(rule => (rule.Name, overrides.GetValueOrDefault(rule.Name, rule.Check)))
            .Concat(overrides.Where(pair => rules.All(rule => rule.Name != pair.Key)).Select(pair => (pair.Key, pair.Value))))
        {
            try
            {
                parsed[name] = PolicyLanguage.Parse(text);
            }
            catch (FormatException e)
            {
                problems.Add($"{source}: rule '{name}': {e.Message}");
            }
        }

        if (problems.Count == 0)
            problems.AddRange(Unknown(rules, overrides, parsed).Concat(Circles(parsed)).Select(problem => $"{source}: {problem}"));
        return problems.Count == 0 ? new Policy(parsed) : throw new ConfigurationException(problems);
    }

    /// <param name="operation">e.g. <c>openstack-sev:hosts:list</c>.</param>
    public bool Allows(Caller caller, string operation, PolicyTarget target) => checks[operation].Allows(caller, target, checks);

    /// <exception cref="ApiException">403.</exception>
    public void Require(Caller caller, string operation, PolicyTarget target)
    {
        if (!Allows(caller, operation, target))
            throw new ApiException(RequestErrors.Forbidden, $"policy does not allow {operation} to this token's roles and project");
    }

    private static IEnumerable<string> Unknown(
        IReadOnlyList<PolicyRule> rules, IReadOnlyDictionary<string, string> overrides, Dictionary<string, PolicyCheck> parsed)
    {
        HashSet<string> referred = [.. parsed.Values.SelectMany(check => check.References)];
        foreach (string name in referred.Where(name => !parsed.ContainsKey(name)).Order(StringComparer.Ordinal))
            yield return $"rule '{name}' is referred to and not there; {Suggestion.For(name, parsed.Keys)}";
        foreach (string name in overrides.Keys.Where(name => rules.All(rule => rule.Name != name) && !referred.Contains(name)))
            yield return $"unknown rule '{name}'; {Suggestion.For(name, rules.Select(rule => rule.Name))}";
    }

    private static IEnumerable<string> Circles(Dictionary<string, PolicyCheck> parsed)
    {
        foreach (string name in parsed.Keys)
        {
            var seen = new HashSet<string>(StringComparer.Ordinal);
            var ahead = new Queue<string>(parsed[name].References);
            while (ahead.TryDequeue(out string? next))
            {
                if (next == name)
                {
                    yield return $"rule '{name}' refers to itself";
                    break;
                }

                if (parsed.TryGetValue(next, out PolicyCheck? check) && seen.Add(next))
                {
                    foreach (string further in check.References)
                        ahead.Enqueue(further);
                }
            }
        }
    }
}

public static class PolicyExtensions
{
    /// <summary>Ends the request with 403 unless its caller may do this.</summary>
    /// <exception cref="ApiException">403.</exception>
    public static void Require(this HttpContext context, string operation, PolicyTarget? target = null) =>
        context.RequestServices.GetRequiredService<Policy>().Require(context.Caller(), operation, target ?? PolicyTarget.Cloud);
}
