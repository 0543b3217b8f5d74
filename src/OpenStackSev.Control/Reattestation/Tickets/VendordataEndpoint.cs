using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.Features;
using OpenStackSev.Api;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Api.Errors;
using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Identity;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Reattestation.Instances;
using OpenStackSev.OpenStack;

namespace OpenStackSev.Control.Reattestation.Tickets;

/// <summary><c>POST /v1/vendordata</c>: Nova asks for our part of an instance's vendor_data2.json, at each look into it.</summary>
/// <remarks>
/// The request holds the instance's user-data, which may hold anybody's secrets: of all that is in it only the instance's UUID is read, and nothing
/// of the rest is kept, logged or repeated.
/// </remarks>
internal static class VendordataEndpoint
{
    /// <summary>Nova's limits: 64 KiB of user-data in base64, and 128 items of metadata with names and values of 255 characters.</summary>
    private const int MaximumBytes = 512 * 1024;

    public static async Task AnswerAsync(HttpContext context)
    {
        context.Require(InstancePolicies.Vendordata);
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = MaximumBytes;
        NovaVendordataRequest request = await RequestBody.ReadAsync(context, VendordataJson.Default.NovaVendordataRequest);
        GuestInstructions? instructions = await FindAsync(context, request.InstanceId) is null ? null
            : context.RequestServices.GetRequiredService<TicketDesk>().For(request.InstanceId);
        await context.AnswerAsync(new VendordataAnswer(instructions), AttestationJson.Default.VendordataAnswer);
    }

    private static async Task<InstanceState?> FindAsync(HttpContext context, Guid instance)
    {
        try
        {
            return await context.RequestServices.GetRequiredService<KnownInstances>().FindAsync(instance, context.RequestAborted);
        }
        catch (Exception e) when (e is OpenStackApiException or TimeoutException)
        {
            throw new ApiException(RequestErrors.CloudUnavailable, "Nova does not say now what the instance asks for", e) { RetryAfter = TimeSpan.FromSeconds(5) };
        }
    }
}

/// <summary>What Nova sends, as far as it is read.</summary>
internal sealed record NovaVendordataRequest([property: JsonPropertyName("instance-id")] Guid InstanceId);

[JsonSourceGenerationOptions(RespectRequiredConstructorParameters = true, AllowDuplicateProperties = false, MaxDepth = 16)]
[JsonSerializable(typeof(NovaVendordataRequest))]
internal sealed partial class VendordataJson : JsonSerializerContext;
