using System.Globalization;

namespace OpenStackSev.Validation.Templates;

/// <summary>What is wrong with a template besides its pairs of flavor and image: gates that open by themselves, never, or for the host.</summary>
public static partial class TemplateRules
{
    private const string Handle = "OS::Heat::WaitConditionHandle";
    private const string Condition = "OS::Heat::WaitCondition";
    private const string StackKey = "openstack_sev_stack";
    private const string GateKey = "openstack_sev_gate";

    /// <summary>Keys of a server's metadata by which it names its gate.</summary>
    internal static IReadOnlyList<string> Keys { get; } = [StackKey, GateKey];

    /// <param name="models">Model by the id of the server; null for one that is not encrypted. Without those that are not known.</param>
    internal static IReadOnlyList<Finding> Check(TemplateReading reading, IReadOnlyDictionary<string, string?> models)
    {
        var findings = new List<Finding>();
        var credentials = new TemplateCredentials(reading.Resources, reading.Outputs);
        var order = new TemplateOrder(reading.Resources);
        PlannedResource[] servers = [.. reading.Resources.Where(resource => resource.Type == "OS::Nova::Server")];
        ILookup<PlannedResource, PlannedResource> gated = servers.Where(server => GateOf(server, credentials) is not null).ToLookup(server => GateOf(server, credentials)!);
        foreach (PlannedResource resource in reading.Resources)
        {
            if (resource.Type == "OS::Glance::Image")
                findings.Add(NoOp.Of(resource.Id, "OS::Glance::Image makes no image; OS::Glance::WebImage does"));
            findings.AddRange(TemplateValues.Refused(resource).Select(refused => ValueRefused.Of(resource.Id, refused)));
            if (resource.Type == Handle)
                findings.AddRange(CheckHandle(resource, [.. gated[resource]], reading.Resources, order, credentials));
        }
        foreach (PlannedResource server in servers)
        {
            (bool, string?) encryption = models.TryGetValue(server.Id, out string? model) ? (true, model) : (false, null);
            findings.AddRange(CheckTold(server, gated.Count > 0, encryption.Item2, reading.Resources, credentials));
            findings.AddRange(CheckServer(server, GateOf(server, credentials), encryption));
        }
        return findings;
    }

    /// <summary>The handle that the server names; null where that is none.</summary>
    private static PlannedResource? GateOf(PlannedResource server, TemplateCredentials credentials) =>
        GateName(server) is { } name && credentials.Find(server.Stack, name) is { Type: Handle } handle ? handle : null;

    /// <summary>As Nova has it: what is no text is written as JSON.</summary>
    private static string? GateName(PlannedResource server) => server.Properties.Map("metadata").Find(GateKey) is TemplateText text ? text.IsText ? text.Text : YamlScalar.Key(text) : null;

    /// <summary>What the host reads must not open a gate: neither that of its server nor that of another one.</summary>
    private static IEnumerable<Finding> CheckTold(
        PlannedResource server, bool areGates, string? model, IReadOnlyList<PlannedResource> resources, TemplateCredentials credentials)
    {
        PlannedResource? gate = GateOf(server, credentials);
        bool isNamed = server.Properties.Map("metadata").Entries.ContainsKey(GateKey);
        foreach (PlannedResource told in credentials.ToldTo(server))
        {
            if ((areGates && TemplateCredentials.OpensAll(told)) || told == gate || (!isNamed && model is not null && WaitsFor(resources, told).Any()))
                yield return ByUserData.Of(server.Id, $"a credential of {Shown.Value(told.Id)} is in what the host reads; let the control plane open the gate");
        }
        if (areGates && server.Properties.Text("user_data_format") == "SOFTWARE_CONFIG")
            yield return ByUserData.Of(server.Id, "user_data_format SOFTWARE_CONFIG puts a credential of the stack into what the host reads; use RAW");
    }

    private static IEnumerable<Finding> CheckServer(PlannedResource server, PlannedResource? handle, (bool Known, string? Model) encryption)
    {
        TemplateMap metadata = server.Properties.Map("metadata");
        // null is written as the word, and names something
        TemplateValue? stack = metadata.Entries.GetValueOrDefault(StackKey), gate = metadata.Entries.GetValueOrDefault(GateKey);
        if (stack is null && gate is null)
        {
            if (encryption.Model == ModelNames.SevSnp)
                yield return WithoutGate.Of(server.Id, $"names no gate in its metadata ({StackKey}, {GateKey})");
            yield break;
        }
        if (stack is null || gate is null)
        {
            yield return HalfNamed.Of(server.Id, $"its metadata has no {(stack is null ? StackKey : GateKey)}");
            yield break;
        }
        if (stack is not TemplateUnknown && stack is not TemplateReference { Name.Length: 0, Attribute: "OS::stack_id" })
            yield return OtherStack.Of(server.Id, $"its {StackKey} is not the OS::stack_id of its own template");
        else if (stack is TemplateReference of && of.Stack != server.Stack)
            yield return OtherStack.Of(server.Id, $"its {StackKey} is not the OS::stack_id of its own template");
        if (encryption.Known && encryption.Model != ModelNames.SevSnp)
            yield return Unprovable.Of(server.Id, $"names a gate and is {(encryption.Model is { } model ? "encrypted by " + Shown.Plain(model) : "not encrypted")}; take the gate away, or a flavor of {ModelNames.SevSnp}");
        if (!Replaced(server))
            yield return UpdatedInPlace.Of(server.Id, "set image_update_policy and flavor_update_policy to REPLACE");
        if (handle is null && gate is not TemplateUnknown)
            yield return HandleMissing.Of(server.Id, gate is TemplateText text
                ? $"its {GateKey} is {Shown.Value(text.Text)}, and its stack has no {Handle} of that name"
                : $"its {GateKey} is what a resource will be, or no text, and must be the name of one");
    }

    private static bool Replaced(PlannedResource server) =>
        server.Properties.Text("image_update_policy") == "REPLACE" && server.Properties.Text("flavor_update_policy") == "REPLACE";

    /// <param name="servers">Those that name it.</param>
    private static IEnumerable<Finding> CheckHandle(
        PlannedResource handle, PlannedResource[] servers, IReadOnlyList<PlannedResource> resources, TemplateOrder order, TemplateCredentials credentials)
    {
        PlannedResource[] waiting = [.. WaitsFor(resources, handle)];
        if (handle.Properties.Text("signal_transport") == "NO_SIGNAL" && waiting.Length > 0)
            yield return OpensItself.Of(handle.Id, "signal_transport is NO_SIGNAL, and a wait condition waits for it; HEAT_SIGNAL makes no token either");
        if (servers.Length == 0)
        {
            // What a server names wrongly has a finding of its own.
            bool isMeant = resources.Any(other => other.Type == "OS::Nova::Server" && other.Stack == handle.Stack && GateOf(other, credentials) is null && Keys.Any(other.Properties.Map("metadata").Entries.ContainsKey));
            if (waiting.Length > 0 && !isMeant && !credentials.IsTold(handle) && handle.Properties.Text("signal_transport") != "NO_SIGNAL")
                yield return Unclaimed.Of(handle.Id, $"{Shown.Value(waiting[0].Id)} waits for it, no server names it as its {GateKey}, and nobody gets its credential");
            yield break;
        }
        if (waiting.Length == 0)
            yield return NotWaited.Of(handle.Id, $"is the gate of {Shown.Value(servers[0].Id)}, and no {Condition} of its stack waits for it");
        foreach (Finding finding in waiting.SelectMany(condition => CheckWaiting(condition, servers, order)))
            yield return finding;
    }

    private static IEnumerable<Finding> CheckWaiting(PlannedResource condition, PlannedResource[] servers, TemplateOrder order)
    {
        string? timeout = condition.Properties.Text("timeout") ?? condition.Properties.Text("Timeout"), counted = condition.Properties.Text("count") ?? condition.Properties.Text("Count");
        if (double.TryParse(timeout, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds) && seconds <= Grace)
            yield return TimeoutShort.Of(condition.Id, string.Create(CultureInfo.InvariantCulture, $"times out after {seconds} s; 1800 leaves room for a boot and the grace of {Grace} s"));
        if (int.TryParse(counted ?? "1", NumberStyles.Integer, CultureInfo.InvariantCulture, out int count) && count != servers.Length)
            yield return WrongCount.Of(condition.Id, count < servers.Length
                ? $"opens after {count} of {servers.Length} servers that name its handle; give each server a handle and a wait condition of its own"
                : $"counts {count} signals, and {servers.Length} server{(servers.Length == 1 ? " names" : "s name")} its handle: it never opens");
        HashSet<PlannedResource> before = order.Before(condition), after = order.After(condition);
        foreach (PlannedResource server in servers)
        {
            if (after.Contains(server))
                yield return Deadlock.Of(server.Id, $"is made after {Shown.Value(condition.Id)}, which waits for it");
            else if (!before.Contains(server))
                yield return NotAfter.Of(condition.Id, $"does not depend on {Shown.Value(server.Id)}; set depends_on");
        }
    }

    /// <summary>Wait conditions find their handle by its reference, in their own stack only.</summary>
    private static IEnumerable<PlannedResource> WaitsFor(IReadOnlyList<PlannedResource> resources, PlannedResource handle) =>
        resources.Where(resource => resource.Type is Condition or "AWS::CloudFormation::WaitCondition" && resource.Stack == handle.Stack
            && (resource.Properties.Find("handle") ?? resource.Properties.Find("Handle")) is TemplateReference { Attribute: null } waited && waited.Stack == handle.Stack && waited.Name == handle.Name);
}
