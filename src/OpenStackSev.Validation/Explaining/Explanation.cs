namespace OpenStackSev.Validation.Explaining;

/// <summary>One compute node, judged.</summary>
/// <param name="Obstacles">The hardest first; empty when the host fits.</param>
public sealed record NodeExplanation(NodeFacts Node, IReadOnlyList<Obstacle> Obstacles)
{
    public bool Fits => Obstacles.Count == 0;

    /// <summary>Placement offers it, whatever nova-scheduler says then.</summary>
    public bool FitsPlacement => Obstacles.All(obstacle => obstacle.Stage != ObstacleStage.Placement);

    /// <summary>How far it is from fitting.</summary>
    public int Distance => Obstacles.Sum(obstacle => obstacle.Distance);
}

/// <summary>A cause that several hosts share.</summary>
/// <param name="Example">Of the first of <paramref name="Nodes"/>.</param>
/// <param name="Nodes">By name; empty for what keeps every host out.</param>
public sealed record Cause(string Code, string Subject, Obstacle Example, IReadOnlyList<string> Nodes);

/// <summary>Why a request finds a host, or none.</summary>
/// <param name="Nodes">The closest first.</param>
/// <param name="Causes">What keeps all hosts out, else what keeps the closest ones out; empty when one fits.</param>
/// <param name="Doubts">What a host may object after it was chosen; said also when hosts fit.</param>
/// <param name="Summary">One sentence: lower case, no full stop.</param>
public sealed record Explanation(
    SchedulingRequest Request, IReadOnlyList<NodeExplanation> Nodes, IReadOnlyList<Cause> Causes, IReadOnlyList<Obstacle> Doubts, string Summary)
{
    /// <summary>The hosts that Nova may choose.</summary>
    public IEnumerable<NodeExplanation> Fitting => Causes.Count > 0 ? [] : Nodes.Where(node => node.Fits);

    public bool Fits => Fitting.Any();

    /// <summary>The hosts that Placement offers; null when it refuses the query.</summary>
    public IEnumerable<NodeExplanation>? Offered =>
        Causes.Any(cause => cause.Example.Stage == ObstacleStage.Request) ? null : Nodes.Where(node => node.FitsPlacement);

    /// <summary>Pure.</summary>
    /// <param name="known">The names that Placement knows; null when nobody asked.</param>
    public static Explanation Of(SchedulingRequest request, IEnumerable<NodeFacts> nodes, PlacementVocabulary? known = null)
    {
        NodeExplanation[] judged = [.. nodes.Select(node => new NodeExplanation(node, NodeJudgement.Of(request, node)))
            .OrderBy(node => node.Distance).ThenBy(node => node.Node.Name, StringComparer.Ordinal)];
        Cause[] causes = [.. RequestJudgement.Of(request, known).Select(obstacle => new Cause(obstacle.Code, obstacle.Subject, obstacle, []))];
        string summary;
        if (causes.Length > 0)
        {
            summary = "no host can fit: " + string.Join("; ", causes.Select(cause => cause.Example.Message));
        }
        else
        {
            causes = judged is [{ Fits: false }, ..] ? CausesOf(judged) : [];
            summary = Summarize(judged, causes);
        }

        return new(request, judged, causes, RequestJudgement.DoubtsOf(request), summary);
    }

    /// <summary>
    /// The causes of the hosts that need the least: that a host without SEV does not run a SEV guest explains nothing while one with SEV is full.
    /// </summary>
    private static Cause[] CausesOf(NodeExplanation[] judged)
    {
        int least = judged[0].Distance;
        return [.. judged.Where(node => node.Distance == least)
            .SelectMany(node => node.Obstacles.Select(obstacle => (node.Node.Name, Obstacle: obstacle)))
            .GroupBy(pair => (pair.Obstacle.Code, pair.Obstacle.Subject))
            .Select(group => new Cause(group.Key.Code, group.Key.Subject, group.First().Obstacle, [.. group.Select(pair => pair.Name).Distinct(StringComparer.Ordinal)]))
            .OrderByDescending(cause => cause.Nodes.Count).ThenByDescending(cause => cause.Example.Distance)];
    }

    private static string Summarize(NodeExplanation[] judged, Cause[] causes)
    {
        if (judged.Length == 0)
            return "no host: Placement has no compute node";
        string[] fitting = [.. judged.Where(node => node.Fits).Select(node => node.Node.Name)];
        if (fitting.Length > 0)
            return $"{fitting.Length} of {judged.Length} {Hosts(judged.Length)} fit{(fitting.Length == 1 ? "s" : "")}: {Some(fitting)}";
        int closest = judged.Count(node => node.Distance == judged[0].Distance);
        string others = closest == judged.Length ? "" : $"; {Number(judged.Length - closest, "other host is", "other hosts are")} further away";
        return $"none of {judged.Length} {Hosts(judged.Length)} fits: {string.Join("; ", causes.Select(InWords))}{others}";
    }

    private static string InWords(Cause cause) =>
        cause.Nodes.Count == 1 ? cause.Example.Message : $"{cause.Example.Message}, and likewise on {Some([.. cause.Nodes.Skip(1)])}";

    private static string Some(string[] names) =>
        names.Length <= 5 ? string.Join(", ", names) : $"{string.Join(", ", names.Take(5))} and {names.Length - 5} more";

    private static string Hosts(int count) => count == 1 ? "host" : "hosts";

    private static string Number(int count, string one, string many) => $"{count} {(count == 1 ? one : many)}";
}
