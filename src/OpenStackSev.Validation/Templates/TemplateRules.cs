using System.Globalization;

namespace OpenStackSev.Validation.Templates;

/// <summary>What is wrong with a template besides its pairs of flavor and image: gates that open by themselves, never, or for the host.</summary>
public static partial class TemplateRules
{
    private const string Handle = "OS::Heat::WaitConditionHandle";
    private const string Condition = "OS::Heat::WaitCondition";
    private const string StackKey = "openstack_sev_stack";
    private const string GateKey = "openstack_sev_gate";

    /// <summary>Attributes of a handle by which whoever reads them gives its signal.</summary>
    private static readonly string[] s_credentials = ["curl_cli", "token", "endpoint", "signal"];

    /// <summary>Handles that are themselves a signed URL, also without an attribute.</summary>
    private static readonly HashSet<string> s_signed = new(["AWS::CloudFormation::WaitConditionHandle", "OS::Heat::UpdateWaitConditionHandle"], StringComparer.Ordinal);

    /// <param name="models">Model by the id of the server; null for one that is not encrypted. Without those that are not known.</param>
    internal static IReadOnlyList<Finding> Check(IReadOnlyList<PlannedResource> resources, IReadOnlyDictionary<string, string?> models)
    {
        var findings = new List<Finding>();
        // By both parts: a name may contain the dot that joins them.
        var named = resources.DistinctBy(resource => (resource.Stack, resource.Name)).ToDictionary(resource => (resource.Stack, resource.Name));
        foreach (PlannedResource resource in resources)
        {
            if (resource.Type == "OS::Glance::Image")
                findings.Add(NoOp.Of(resource.Id, "OS::Glance::Image makes no image; OS::Glance::WebImage does"));
            if (resource.Type == Handle && resource.Properties.Text("signal_transport") == "NO_SIGNAL" && WaitsFor(resources, resource).Any())
                findings.Add(OpensItself.Of(resource.Id, "signal_transport is NO_SIGNAL, and a wait condition waits for it; HEAT_SIGNAL makes no token either"));
            if (resource.Type == "OS::Nova::Server")
                findings.AddRange(CheckServer(resource, named, resources, models.TryGetValue(resource.Id, out string? model) ? (true, model) : (false, null)));
        }
        return findings;
    }

    private static IEnumerable<Finding> CheckServer(
        PlannedResource server, Dictionary<(string Stack, string Name), PlannedResource> named, IReadOnlyList<PlannedResource> resources, (bool Known, string? Model) encryption)
    {
        TemplateMap metadata = server.Properties.Map("metadata");
        TemplateValue? stack = metadata.Find(StackKey), gate = metadata.Find(GateKey);
        PlannedResource? handle = gate is TemplateText name && named.GetValueOrDefault((server.Stack, name.Text)) is { Type: Handle } found ? found : null;
        foreach (PlannedResource told in ToldToServer(server, named))
        {
            // One credential is good for every handle of its stack.
            if (handle is not null ? told.Type == Handle && told.Stack == handle.Stack : gate is null && encryption is { Model: not null } && WaitsFor(resources, told).Any())
                yield return ByUserData.Of(server.Id, $"a credential of {Shown.Value(told.Id)} is in what the host reads; let the control plane open the gate");
        }
        if (handle is not null && server.Properties.Text("user_data_format") == "SOFTWARE_CONFIG")
            yield return ByUserData.Of(server.Id, "user_data_format SOFTWARE_CONFIG puts a credential of the stack into what the host reads; use RAW");
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
        if (stack is TemplateText || (stack is TemplateReference of && (of.Name.Length > 0 || of.Stack != server.Stack)))
            yield return OtherStack.Of(server.Id, $"its {StackKey} is not the OS::stack_id of its own template");
        if (encryption.Known && encryption.Model != ModelNames.SevSnp)
            yield return Unprovable.Of(server.Id, $"names a gate and is {(encryption.Model is { } model ? "encrypted by " + Shown.Plain(model) : "not encrypted")}; take the gate away, or a flavor of {ModelNames.SevSnp}");
        if (!Replaced(server))
            yield return UpdatedInPlace.Of(server.Id, "set image_update_policy and flavor_update_policy to REPLACE");
        if (handle is null)
        {
            if (gate is not TemplateUnknown)
                yield return HandleMissing.Of(server.Id, gate is TemplateText text
                    ? $"its {GateKey} is {Shown.Value(text.Text)}, and its stack has no {Handle} of that name"
                    : $"its {GateKey} is what a resource will be, and must be the name of one");
            yield break;
        }
        foreach (Finding finding in CheckWaiting(server, handle, resources))
            yield return finding;
    }

    private static IEnumerable<Finding> CheckWaiting(PlannedResource server, PlannedResource handle, IReadOnlyList<PlannedResource> resources)
    {
        PlannedResource[] waiting = [.. WaitsFor(resources, handle)];
        if (waiting.Length == 0)
            yield return NotWaited.Of(handle.Id, $"is the gate of {Shown.Value(server.Id)}, and no {Condition} waits for it");
        foreach (PlannedResource condition in waiting)
        {
            if (double.TryParse(condition.Properties.Text("timeout"), NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds) && seconds <= Grace)
                yield return TimeoutShort.Of(condition.Id, string.Create(CultureInfo.InvariantCulture, $"times out after {seconds} s; 1800 leaves room for a boot and the grace of {Grace} s"));
        }
    }

    private static bool Replaced(PlannedResource server) =>
        server.Properties.Text("image_update_policy") == "REPLACE" && server.Properties.Text("flavor_update_policy") == "REPLACE";

    private static IEnumerable<PlannedResource> WaitsFor(IReadOnlyList<PlannedResource> resources, PlannedResource handle) =>
        resources.Where(resource => resource.Type is Condition or "AWS::CloudFormation::WaitCondition"
            && (resource.Properties.Find("handle") ?? resource.Properties.Find("Handle")) is { } waited
            && waited.Mentions.Any(reference => reference.Stack == handle.Stack && reference.Name == handle.Name));

    /// <summary>Handles whose credentials reach the server by what the host reads, also through resources that its user data is made of.</summary>
    private static HashSet<PlannedResource> ToldToServer(PlannedResource server, Dictionary<(string Stack, string Name), PlannedResource> named)
    {
        var told = new HashSet<PlannedResource>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var open = new Stack<TemplateValue>(((string[])["user_data", "metadata", "personality", "tags", "name"]).Select(key => server.Properties.Find(key)).OfType<TemplateValue>());
        while (open.TryPop(out TemplateValue? value))
        {
            foreach (TemplateReference reference in value.Mentions)
            {
                if (named.GetValueOrDefault((reference.Stack, reference.Name)) is not { } resource)
                    continue;
                if (IsCredential(resource, reference))
                    told.Add(resource);
                else if (resource.Type != Handle && !s_signed.Contains(resource.Type) && resource.Type != "OS::Nova::Server" && seen.Add(resource.Id))
                    open.Push(resource.Properties);
            }
        }
        return told;
    }

    private static bool IsCredential(PlannedResource resource, TemplateReference reference) =>
        s_signed.Contains(resource.Type) || (resource.Type == Handle && (reference.Attribute == TemplateReference.All || s_credentials.Contains(reference.Attribute, StringComparer.Ordinal)));
}
