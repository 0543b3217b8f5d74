using System.Text.Json;
using Refit;

namespace OpenStackSev.OpenStack.Heat;

/// <summary>Heat, as far as a signal needs it. Source: Orchestration API v1 reference.</summary>
/// <remarks>
/// Heat takes only a token of the project that a stack is in. Each call names that project: the connection's own user gets a token for it, and is
/// refused by Keystone (<c>identity</c>, 401) where it has no role there. Role <c>reader</c> is enough for all of these.
/// </remarks>
public interface IHeatApi
{
    /// <summary>The stack with an id, in a list of one; an empty list where the project has none. What is deleted is not there.</summary>
    /// <param name="nested">True: also one that is a resource of another stack.</param>
    [Get("/stacks")]
    Task<StackList> ListStacksAsync(
        [Property(ProjectTokens.ProjectProperty)] string project, [Query] Guid id, [Query, AliasAs("show_nested")] bool nested = true,
        [Query, AliasAs("show_hidden")] bool hidden = true, CancellationToken ct = default);

    /// <summary>Resources of one stack, without those of the stacks below it.</summary>
    /// <param name="stackName">Heat wants both, and finds nothing where they do not belong together.</param>
    /// <param name="name">Only the one that is called so in the template.</param>
    /// <param name="physicalId">Only those that stand for this, e.g. a server's UUID.</param>
    [Get("/stacks/{stackName}/{stack}/resources")]
    Task<StackResourceList> ListResourcesAsync(
        [Property(ProjectTokens.ProjectProperty)] string project, string stackName, Guid stack, [Query] string? name = null,
        [Query, AliasAs("physical_resource_id")] string? physicalId = null, CancellationToken ct = default);

    /// <summary>What a resource keeps; of a wait condition's handle, the signals that it has taken, by their ids.</summary>
    [Get("/stacks/{stackName}/{stack}/resources/{resource}/metadata")]
    Task<StackResourceMetadata> GetMetadataAsync(
        [Property(ProjectTokens.ProjectProperty)] string project, string stackName, Guid stack, string resource, CancellationToken ct = default);

    /// <summary>Signals a resource. Heat says only that it will be looked at: whether it was taken is in the resource's metadata afterwards.</summary>
    [Post("/stacks/{stackName}/{stack}/resources/{resource}/signal")]
    Task SignalAsync(
        [Property(ProjectTokens.ProjectProperty)] string project, string stackName, Guid stack, string resource, [Body] WaitSignal signal,
        CancellationToken ct = default);
}

public sealed record StackList(IReadOnlyList<Stack> Stacks);

/// <param name="StackStatus">Action and status, e.g. <c>CREATE_IN_PROGRESS</c>.</param>
public sealed record Stack(Guid Id, string StackName, string StackStatus);

public sealed record StackResourceList(IReadOnlyList<StackResource> Resources);

/// <param name="ResourceName">Its name in the template.</param>
/// <param name="ResourceType">e.g. <c>OS::Nova::Server</c>.</param>
/// <param name="ResourceStatus">Action and status; <c>INIT_COMPLETE</c> for one that is not made yet.</param>
/// <param name="PhysicalResourceId">What it stands for; empty or null while that is not made.</param>
public sealed record StackResource(string ResourceName, string ResourceType, string ResourceStatus, string? PhysicalResourceId = null);

/// <summary>Anything: any member of the project can write it.</summary>
public sealed record StackResourceMetadata(IReadOnlyDictionary<string, JsonElement> Metadata);

/// <summary>What a wait condition's handle takes. All four must be there, or Heat drops it without a word.</summary>
/// <param name="Id">Another one with the same id replaces it, and does not count twice.</param>
/// <param name="Status"><c>SUCCESS</c> or <c>FAILURE</c>.</param>
/// <param name="Reason">Of a failure, what the stack's status says.</param>
/// <param name="Data">Handed to the template.</param>
public sealed record WaitSignal(string Id, string Status, string Reason, string Data);
